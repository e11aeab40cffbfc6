package dev.paligemma.detection.internal;

import dev.paligemma.vision.PixelBox;

/** Letters of any size: how much room they take, and how they are drawn. Confined to one thread. */
public interface Lettering {
    /** The columns that a text takes, in pixels. */
    int width(String text, int size);

    /** The rows that a text takes above and below the line it stands on. */
    int height(String text, int size);

    /**
     * Draws a text from the left upper corner of a room, and nothing beyond it.
     *
     * @param colour {@code 0xRRGGBB}
     */
    void write(Canvas canvas, String text, int size, PixelBox room, int colour);
}
