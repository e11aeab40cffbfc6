package dev.paligemma.checkpoint.internal.quant;

/** Rounding of small numbers, within 2^21 of 0, in forms that compile to few instructions. */
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
}
