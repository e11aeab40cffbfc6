package dev.paligemma.checkpoint.internal.quant;

/** Scales, and rounding of small numbers, within 2^21 of 0, in forms that compile to few instructions. */
final class Rounding {
    /** At 1.5 * 2^23 the distance between floats is 1, so adding it rounds to an integer, halves to even. */
    static final float SHIFT = 0x1.8p23f;

    private Rounding() {}

    /** The nearest integer, halves to even, as a float. */
    static float nearest(float value) {
        return (value + SHIFT) - SHIFT;
    }

    /** The lowest byte of the nearest integer, halves to even: it is the lowest byte of the shifted number's bits. */
    static byte nearestByte(float value) {
        return (byte) Float.floatToRawIntBits(value + SHIFT);
    }

    /** The largest absolute value of a range, NaN if it holds one. The loop is plain so that it compiles to vector instructions. */
    static float magnitude(float[] values, int from, int count) {
        float largest = 0;
        for (int i = from; i < from + count; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        return largest;
    }

    /**
     * The scale of numbers up to a magnitude; 0 where it would be below the normal numbers of float32, so that one over a
     * scale other than 0 never overflows.
     */
    static float scale(float magnitude, float largestCode) {
        float scale = magnitude / largestCode;
        return scale < Float.MIN_NORMAL ? 0 : scale;
    }
}
