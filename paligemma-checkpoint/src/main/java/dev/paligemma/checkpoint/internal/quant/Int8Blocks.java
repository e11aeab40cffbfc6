package dev.paligemma.checkpoint.internal.quant;

import dev.paligemma.engine.weights.MatrixFormat;

/**
 * Rows of a matrix in 8 bits with a scale per block, the numbers of {@link MatrixFormat#INT8_BLOCKS}. Stateless.
 *
 * <p>The scale is {@code max |w| / 127} and a code {@code 128 + round(w * (1 / scale))} in single precision, halves to even.
 * A block of nothing but zeros, or of numbers below {@code 1.5e-36}, gets scale 0 and codes 128.
 */
public final class Int8Blocks {
    private static final int BLOCK = MatrixFormat.BLOCK;

    private Int8Blocks() {}

    /**
     * Quantises a row of finite numbers; others give scales that are not finite.
     *
     * @param codes takes {@code blocks(count) * BLOCK} unsigned bytes
     * @param scales takes {@code blocks(count)} scales, 0 or positive
     */
    public static void quantize(
            float[] values, int from, int count, byte[] codes, int codesFrom, float[] scales, int scalesFrom) {
        int block = 0;
        for (int start = 0; start < count; start += BLOCK, block++) {
            int length = Math.min(BLOCK, count - start);
            float scale = Int8Codes.scale(values, from + start, length);
            Int8Codes.write(scale, values, from + start, length, codes, codesFrom + start);
            scales[scalesFrom + block] = scale;
        }
        Int8Codes.pad(codes, codesFrom + count, codesFrom + block * BLOCK);
    }
}
