package dev.paligemma.engine.quant;

/** Rounding of small numbers in a form that compiles to vector instructions. */
final class Rounding {
    /** At 1.5 * 2^23 the distance between floats is 1, so adding it rounds to an integer, halves to even. */
    static final float SHIFT = 0x1.8p23f;

    private Rounding() {}

    /** The nearest integer, halves to even; the value must be within 2^22 of 0. */
    static int nearest(float value) {
        return (int) ((value + SHIFT) - SHIFT);
    }
}
