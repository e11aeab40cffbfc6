package dev.paligemma.engine.quant;

/** The largest absolute value of a range. */
final class Magnitude {
    private Magnitude() {}

    /** Returns NaN if the range holds one; four maxima side by side keep the processor's pipeline full. */
    static float of(float[] values, int from, int count) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        int end = from + count;
        int i = from;
        for (; i <= end - 4; i += 4) {
            a = Math.max(a, Math.abs(values[i]));
            b = Math.max(b, Math.abs(values[i + 1]));
            c = Math.max(c, Math.abs(values[i + 2]));
            d = Math.max(d, Math.abs(values[i + 3]));
        }
        for (; i < end; i++) {
            a = Math.max(a, Math.abs(values[i]));
        }
        return Math.max(Math.max(a, b), Math.max(c, d));
    }

    /**
     * The scale of numbers up to a magnitude; 0 where it would be below the normal numbers of float32, so that dividing
     * by a scale other than 0 never overflows.
     */
    static float scale(float magnitude, float largestCode) {
        float scale = magnitude / largestCode;
        return scale < Float.MIN_NORMAL ? 0 : scale;
    }
}
