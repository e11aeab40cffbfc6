package dev.paligemma.checkpoint.internal.quant;

import dev.paligemma.engine.weights.MatrixFormat;
import java.util.Arrays;

/**
 * Rows of a matrix in 8 bits with one scale per row, the numbers of {@link MatrixFormat#INT8_CHANNELS}. Stateless.
 *
 * <p>The scale is {@code max |w| / 127} of the whole row and a code
 * {@code 128 + round(w * (1 / scale))} in single precision, halves to even. A row of nothing but zeros, or of numbers below {@code 1.5e-36}, gets scale 0 and codes 128.
 */
public final class Int8Channels {
    private Int8Channels() {}

    /** As {@link Int8Blocks#quantize}, but all scales are the same. */
    public static void quantize(
            float[] values, int from, int count, byte[] codes, int codesFrom, float[] scales, int scalesFrom) {
        int blocks = Math.toIntExact(MatrixFormat.blocks(count));
        float scale = Int8Codes.scale(values, from, count);
        Int8Codes.write(scale, values, from, count, codes, codesFrom);
        Int8Codes.pad(codes, codesFrom + count, codesFrom + blocks * MatrixFormat.BLOCK);
        Arrays.fill(scales, scalesFrom, scalesFrom + blocks, scale);
    }
}
