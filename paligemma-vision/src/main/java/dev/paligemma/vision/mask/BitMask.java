package dev.paligemma.vision.mask;

import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageOptions;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;

/** The pixels of a picture that belong to an object; one bit a pixel. Immutable and thread-safe. */
public final class BitMask {
    private final int width;
    private final int height;

    /** Row by row. */
    private final BitSet bits;

    /** Takes over the bits, for a size that has been checked. */
    BitMask(int width, int height, BitSet bits) {
        this.width = width;
        this.height = height;
        this.bits = bits;
    }

    /**
     * Copies bits.
     *
     * @param width of the picture, in pixels, 1 to {@value RgbImage#MAX_SIDE}
     * @param height of the picture, in pixels, 1 to {@value RgbImage#MAX_SIDE}
     * @param bits pixel (x, y) is bit {@code y * width + x}
     * @throws IllegalArgumentException if a side is out of range, the picture has more than
     *     {@value ImageOptions#LARGEST_MAX_PIXELS} pixels, or a bit behind the last pixel is set
     */
    public static BitMask of(int width, int height, BitSet bits) {
        ImageMask.requireSize(width, height);
        if (bits.length() > width * height) {
            throw new IllegalArgumentException("bit " + (bits.length() - 1) + " is set, but a picture of " + width + "x"
                    + height + " has " + width * height + " pixels");
        }
        return new BitMask(width, height, (BitSet) bits.clone());
    }

    /** Returns the width of the picture, in pixels, at least 1. */
    public int width() {
        return width;
    }

    /** Returns the height of the picture, in pixels, at least 1. */
    public int height() {
        return height;
    }

    /**
     * Says whether the pixel in column {@code x} and row {@code y}, counted from the upper left, belongs to the object.
     *
     * @throws IndexOutOfBoundsException if the pixel is outside of the picture
     */
    public boolean contains(int x, int y) {
        return bits.get(Objects.checkIndex(y, height) * width + Objects.checkIndex(x, width));
    }

    /** Counts the pixels of the object, 0 or more. */
    public int area() {
        return bits.cardinality();
    }

    /** Returns the smallest box around the object; four zeros if the mask is empty. */
    public PixelBox boundingBox() {
        if (bits.isEmpty()) {
            return new PixelBox(0, 0, 0, 0);
        }
        int left = width;
        int right = 0;
        for (int start = bits.nextSetBit(0); start >= 0; ) {
            // A run of bits may go on in the next row; then it touches both sides of the picture.
            int end = bits.nextClearBit(start);
            boolean oneRow = start / width == (end - 1) / width;
            left = oneRow ? Math.min(left, start % width) : 0;
            right = oneRow ? Math.max(right, (end - 1) % width + 1) : width;
            start = bits.nextSetBit(end);
        }
        return new PixelBox(left, bits.nextSetBit(0) / width, right, (bits.length() - 1) / width + 1);
    }

    /**
     * The pixels that are in this mask or in another one of the same picture.
     *
     * @throws IllegalArgumentException if the sizes differ
     */
    public BitMask union(BitMask other) {
        requireSameSize(other);
        BitSet both = (BitSet) bits.clone();
        both.or(other.bits);
        return new BitMask(width, height, both);
    }

    private void requireSameSize(BitMask other) {
        if (width != other.width || height != other.height) {
            throw new IllegalArgumentException(
                    "masks of different size: " + width + "x" + height + " and " + other.width + "x" + other.height);
        }
    }

    /**
     * Compares two masks of one picture: common pixels divided by all pixels of both (intersection over union), from 0
     * (nothing in common, or both empty) to 1 (equal).
     *
     * @throws IllegalArgumentException if the sizes differ
     */
    public double iou(BitMask other) {
        requireSameSize(other);
        BitSet common = (BitSet) bits.clone();
        common.and(other.bits);
        int both = common.cardinality();
        return both == 0 ? 0 : both / ((double) area() + other.area() - both);
    }

    /**
     * Returns the outlines of the object along the edges of pixels, none if the mask is empty; filling them gives exactly
     * this mask again.
     *
     * <p>One polygon for each connected region, with a hole for each gap inside of it; pixels that only touch at a corner
     * are different regions. In the order of the topmost row, then from the left.
     *
     * <p>Takes four bytes of memory for each pixel of {@link #boundingBox} while it works.
     */
    public List<MaskPolygon> polygons() {
        return OutlineTracer.trace(this);
    }

    /** Encodes this mask as COCO does: the lengths of runs, column by column. */
    public CocoRle toRle() {
        return CocoRle.of(this);
    }

    /**
     * Copies this mask for display, as {@link BufferedImage#TYPE_BYTE_GRAY}: the object is white (255), the rest is black
     * (0).
     */
    public BufferedImage toBufferedImage() {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        byte[] samples = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
        for (int i = bits.nextSetBit(0); i >= 0; i = bits.nextSetBit(i + 1)) {
            samples[i] = (byte) 255;
        }
        return image;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BitMask that && width == that.width && height == that.height && bits.equals(that.bits);
    }

    @Override
    public int hashCode() {
        return Objects.hash(width, height, bits);
    }

    @Override
    public String toString() {
        return "BitMask[" + width + "x" + height + ", " + area() + " pixels]";
    }
}
