package dev.paligemma.engine.convert;

/** Looks for NaN and infinities. */
final class NonFinite {
    private NonFinite() {}

    /** The index of the first number that is not finite, or -1. Four sums side by side keep the pipeline full. */
    static int indexIn(float[] values, int count) {
        // A finite number times 0 is 0; NaN and infinities make NaN.
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        int i = 0;
        for (; i <= count - 4; i += 4) {
            a += values[i] * 0;
            b += values[i + 1] * 0;
            c += values[i + 2] * 0;
            d += values[i + 3] * 0;
        }
        for (; i < count; i++) {
            a += values[i] * 0;
        }
        if (!Float.isNaN(a + b + c + d)) {
            return -1;
        }
        for (int k = 0; k < count; k++) {
            if (!Float.isFinite(values[k])) {
                return k;
            }
        }
        return -1;
    }
}
