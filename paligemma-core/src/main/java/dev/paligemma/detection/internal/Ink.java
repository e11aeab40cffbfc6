package dev.paligemma.detection.internal;

/** Black or white: what is seen best on or beside a colour {@code 0xRRGGBB}. */
public final class Ink {
    private static final int BLACK = 0x000000;
    private static final int WHITE = 0xFFFFFF;

    private Ink() {}

    /** Returns black or white, whichever contrasts more; its {@link #contrast} is at least 4.5. */
    public static int on(int colour) {
        return contrast(colour, BLACK) >= contrast(colour, WHITE) ? BLACK : WHITE;
    }

    /** Returns the contrast ratio of WCAG 2, from 1 (the same) to 21 (black and white). */
    public static double contrast(int one, int other) {
        double first = luminance(one) + 0.05;
        double second = luminance(other) + 0.05;
        return Math.max(first, second) / Math.min(first, second);
    }

    private static double luminance(int colour) {
        return 0.2126 * linear(colour >> 16 & 255) + 0.7152 * linear(colour >> 8 & 255) + 0.0722 * linear(colour & 255);
    }

    private static double linear(int sample) {
        double share = sample / 255.0;
        return share <= 0.04045 ? share / 12.92 : Math.pow((share + 0.055) / 1.055, 2.4);
    }
}
