package dev.paligemma.checkpoint.internal.quant;

/** The largest absolute value of a range, and the scale that follows from it. */
final class Magnitude {
    private Magnitude() {}

    /** Returns NaN if the range holds one. The loop is plain so that it compiles to vector instructions. */
    static float of(float[] values, int from, int count) {
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
