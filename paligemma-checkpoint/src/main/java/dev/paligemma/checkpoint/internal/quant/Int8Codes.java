package dev.paligemma.checkpoint.internal.quant;

import dev.paligemma.engine.weights.MatrixFormat;
import java.util.Arrays;

/**
 * Rows of a matrix in 8 bits, the numbers of {@link MatrixFormat#INT8_BLOCKS} and {@link MatrixFormat#INT8_CHANNELS}.
 * Stateless.
 *
 * <p>The scale of a block or of a whole row is {@code max |w| / 127} and a code {@code 128 + round(w * (1 / scale))} in
 * single precision, halves to even. Nothing but zeros, or numbers below {@code 1.5e-36}, get scale 0 and codes 128.
 */
public final class Int8Codes {
    private static final int BLOCK = MatrixFormat.BLOCK;
    private static final int ZERO = 128;
    private static final float LARGEST = 127;

    private Int8Codes() {}

    /**
     * Quantises a row of finite numbers with a scale per block; others give scales that are not finite.
     *
     * @param codes takes {@code blocks(count) * BLOCK} unsigned bytes
     * @param scales takes {@code blocks(count)} scales, 0 or positive
     */
    public static void quantizeBlocks(
            float[] values, int from, int count, byte[] codes, int codesFrom, float[] scales, int scalesFrom) {
        int block = 0;
        for (int start = 0; start < count; start += BLOCK, block++) {
            int length = Math.min(BLOCK, count - start);
            float scale = scale(values, from + start, length);
            write(scale, values, from + start, length, codes, codesFrom + start);
            scales[scalesFrom + block] = scale;
        }
        pad(codes, codesFrom + count, codesFrom + block * BLOCK);
    }

    /** As {@link #quantizeBlocks}, with one scale for the row, given for each block. */
    public static void quantizeChannels(
            float[] values, int from, int count, byte[] codes, int codesFrom, float[] scales, int scalesFrom) {
        int blocks = Math.toIntExact(MatrixFormat.blocks(count));
        float scale = scale(values, from, count);
        write(scale, values, from, count, codes, codesFrom);
        pad(codes, codesFrom + count, codesFrom + blocks * BLOCK);
        Arrays.fill(scales, scalesFrom, scalesFrom + blocks, scale);
    }

    /** The scale at which the largest value gets the largest code. */
    private static float scale(float[] values, int from, int count) {
        return Rounding.scale(Rounding.magnitude(values, from, count), LARGEST);
    }

    private static void write(float scale, float[] values, int from, int count, byte[] codes, int codesFrom) {
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < count; i++) {
            codes[codesFrom + i] = (byte) (Rounding.nearestByte(values[from + i] * inverse) + ZERO);
        }
    }

    private static void pad(byte[] codes, int from, int to) {
        Arrays.fill(codes, from, to, (byte) ZERO);
    }
}
