package dev.paligemma.checkpoint.internal.convert;

/** Looks for NaN and infinities. */
final class NonFinite {
    private NonFinite() {}

    /** The index of the first number that is not finite, or -1. */
    static int indexIn(float[] values, int count) {
        for (int i = 0; i < count; i++) {
            if (!Float.isFinite(values[i])) {
                return i;
            }
        }
        return -1;
    }
}
