package dev.paligemma.vision.mask;

import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.format.Pixels;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;

/**
 * How likely each pixel of a picture belongs to an object: float32[height, width], 0 to 1, of which only a box is stored
 * because everything outside of it is 0. Immutable and thread-safe.
 */
public final class ImageMask {
    private final int width;
    private final int height;
    private final PixelBox box;

    /** float32[box height, box width]. */
    private final float[] probabilities;

    /** Takes over the array. */
    ImageMask(int width, int height, PixelBox box, float[] probabilities) {
        this.width = width;
        this.height = height;
        this.box = box;
        this.probabilities = probabilities;
    }

    /** Refuses a size that no picture has. */
    static void requireSize(int width, int height) {
        Pixels.byteCount(width, height);
    }

    /** Returns the width of the picture, in pixels, at least 1. */
    public int width() {
        return width;
    }

    /** Returns the height of the picture, in pixels, at least 1. */
    public int height() {
        return height;
    }

    /** Returns the box outside of which all pixels are 0: a box inside of the picture; may be empty. */
    public PixelBox box() {
        return box;
    }

    /**
     * Returns the value of the pixel in column {@code x} and row {@code y}, counted from the upper left: 0 (outside of the
     * object) to 1 (inside).
     *
     * @throws IndexOutOfBoundsException if the pixel is outside of the picture
     */
    public float probability(int x, int y) {
        Objects.checkIndex(x, width);
        Objects.checkIndex(y, height);
        return box.contains(x, y) ? probabilities[(y - box.top()) * (int) box.width() + x - box.left()] : 0f;
    }

    /**
     * Says whether the {@link #probability} of a pixel is above a threshold.
     *
     * @param threshold 0 or more, less than 1
     * @throws IndexOutOfBoundsException if the pixel is outside of the picture
     * @throws IllegalArgumentException if the threshold is out of range
     */
    public boolean contains(int x, int y, double threshold) {
        requireThreshold(threshold);
        return probability(x, y) > threshold;
    }

    /** As {@link #threshold(double)}, with 0.5. */
    public BitMask threshold() {
        return threshold(0.5);
    }

    /**
     * Decides for every pixel whether it belongs to the object: its value is above the threshold, which is 0 or more and
     * less than 1.
     *
     * @throws IllegalArgumentException if the threshold is out of range
     */
    public BitMask threshold(double threshold) {
        requireThreshold(threshold);
        BitSet bits = new BitSet(width * height);
        int p = 0;
        for (int y = box.top(); y < box.bottom(); y++) {
            for (int x = box.left(); x < box.right(); x++) {
                if (probabilities[p++] > threshold) {
                    bits.set(y * width + x);
                }
            }
        }
        return new BitMask(width, height, bits);
    }

    private static void requireThreshold(double threshold) {
        if (!(threshold >= 0 && threshold < 1)) {
            throw new IllegalArgumentException("threshold must be 0 or more and less than 1, not " + threshold);
        }
    }

    /**
     * Copies this mask for display, as {@link BufferedImage#TYPE_BYTE_GRAY}: samples {@code round(255 * value)}, so that 1
     * is white.
     */
    public BufferedImage toBufferedImage() {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        byte[] samples = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
        int p = 0;
        for (int y = box.top(); y < box.bottom(); y++) {
            for (int x = box.left(); x < box.right(); x++) {
                samples[y * width + x] = (byte) Math.round(255 * probabilities[p++]);
            }
        }
        return image;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ImageMask that
                && width == that.width
                && height == that.height
                && box.equals(that.box)
                && Arrays.equals(probabilities, that.probabilities);
    }

    @Override
    public int hashCode() {
        return Objects.hash(width, height, box, Arrays.hashCode(probabilities));
    }

    @Override
    public String toString() {
        return "ImageMask[" + width + "x" + height + ", " + box + "]";
    }
}
