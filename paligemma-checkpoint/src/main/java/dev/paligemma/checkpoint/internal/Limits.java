package dev.paligemma.checkpoint.internal;

/**
 * Bounds on the numbers of a configuration, several times what the largest released model needs. They keep every product
 * of a few of them far from overflow and stop absurd files before anything is allocated.
 */
public final class Limits {
    public static final int MAX_HIDDEN = 1 << 16;
    public static final int MAX_INTERMEDIATE = 1 << 20;
    public static final int MAX_LAYERS = 1_024;
    public static final int MAX_HEADS = 1_024;
    public static final int MAX_HEAD_DIM = 4_096;
    public static final int MAX_IMAGE_SIZE = 8_192;
    public static final int MAX_VOCAB = 1 << 24;
    public static final int MAX_LENGTH = 1 << 30;
    public static final double MIN_EPS = 1e-12;
    public static final double MAX_EPS = 0.1;
    public static final double MIN_ROPE_THETA = 1;
    public static final double MAX_ROPE_THETA = 1e12;
    public static final double MIN_SCALAR = 1e-6;
    public static final double MAX_SCALAR = 1e6;

    private Limits() {}

    public static void check(String name, int value, int max) {
        if (value < 1 || value > max) {
            throw new IllegalArgumentException(name + " must be from 1 to " + max + ", got " + value);
        }
    }

    public static void check(String name, double value, double min, double max) {
        if (!(value >= min && value <= max)) {
            throw new IllegalArgumentException(name + " must be from " + min + " to " + max + ", got " + value);
        }
    }

    public static void checkEps(String name, float value) {
        if (!(value > 0 && value <= (float) MAX_EPS)) {
            throw new IllegalArgumentException(name + " must be above 0 and at most " + MAX_EPS + ", got " + value);
        }
    }

    public static void checkTokenId(String name, int value) {
        if (value < 0 || value >= MAX_VOCAB) {
            throw new IllegalArgumentException(name + " must be from 0 to " + (MAX_VOCAB - 1) + ", got " + value);
        }
    }

    public static void checkMultiple(String name, int value, String of, int divisor) {
        if (value % divisor != 0) {
            throw new IllegalArgumentException(
                    name + " must be a multiple of " + of + ", got " + value + " and " + divisor);
        }
    }
}
