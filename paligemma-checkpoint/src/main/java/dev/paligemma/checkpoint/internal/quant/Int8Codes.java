package dev.paligemma.checkpoint.internal.quant;

import java.util.Arrays;

/** Codes of 8 bits with 128 for zero, as both formats of 8 bits have them. */
final class Int8Codes {
    private static final int ZERO = 128;
    private static final float LARGEST = 127;

    private Int8Codes() {}

    /** The scale at which the largest value gets the largest code. */
    static float scale(float[] values, int from, int count) {
        return Magnitude.scale(Magnitude.of(values, from, count), LARGEST);
    }

    static void write(float scale, float[] values, int from, int count, byte[] codes, int codesFrom) {
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < count; i++) {
            codes[codesFrom + i] = (byte) (Rounding.nearestByte(values[from + i] * inverse) + ZERO);
        }
    }

    static void pad(byte[] codes, int from, int to) {
        Arrays.fill(codes, from, to, (byte) ZERO);
    }
}
