package dev.paligemma.vision.mask;

import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageOptions;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;

/**
 * A mask as run lengths, the form of the COCO data set and of {@code pycocotools}: the pixels are taken column by column,
 * from the top down; the first run is outside of the object (and may be empty), the next inside, and so on in turn.
 * Immutable and thread-safe.
 *
 * <p>In JSON: {@code {"size": [height, width], "counts": compressed}} or, uncompressed,
 * {@code {"size": [height, width], "counts": [counts...]}}.
 */
public final class CocoRle {
    /** The most points of a polygon. */
    public static final int MAX_CORNERS = 100_000;

    /** In a character: five bits of the number, and whether more follow. */
    private static final int DIGIT_BITS = 5;

    private static final int MORE = 1 << DIGIT_BITS;
    private static final int SIGN = MORE >> 1;
    private static final char FIRST_CHARACTER = '0';

    /** No run is longer than a picture has pixels, and differences need one bit more: 32 bits. */
    private static final int MAX_DIGITS = 7;

    private final int width;
    private final int height;
    private final int[] counts;

    private CocoRle(int width, int height, int[] counts) {
        this.width = width;
        this.height = height;
        this.counts = counts;
    }

    static CocoRle of(BitMask mask) {
        Counts counts = new Counts();
        boolean inside = false;
        int run = 0;
        for (int x = 0; x < mask.width(); x++) {
            for (int y = 0; y < mask.height(); y++) {
                if (mask.contains(x, y) != inside) {
                    counts.add(run);
                    run = 0;
                    inside = !inside;
                }
                run++;
            }
        }
        counts.add(run);
        return new CocoRle(mask.width(), mask.height(), counts.toArray());
    }

    /**
     * Copies run lengths, each 0 or more, together as many as the picture has pixels.
     *
     * @param width of the picture, in pixels, 1 to {@value RgbImage#MAX_SIDE}
     * @param height of the picture, in pixels, 1 to {@value RgbImage#MAX_SIDE}
     * @throws IllegalArgumentException if a side is out of range, or the picture has more than {@value
     *     ImageOptions#LARGEST_MAX_PIXELS} pixels
     * @throws MaskException if a length is negative or the lengths have another sum
     */
    public static CocoRle of(int width, int height, int[] counts) {
        ImageMask.requireSize(width, height);
        int[] copy = counts.clone();
        long sum = 0;
        for (int i = 0; i < copy.length; i++) {
            if (copy[i] < 0) {
                throw new MaskException("run " + i + " of a mask has the length " + copy[i] + ", expected 0 or more");
            }
            sum += copy[i];
        }
        long pixels = (long) width * height;
        if (sum != pixels) {
            throw new MaskException("the runs of a mask have " + sum + " pixels together, expected " + pixels + " for "
                    + width + "x" + height);
        }
        return new CocoRle(width, height, copy);
    }

    /**
     * As {@link #of(int, int, int[])}, of what {@link #compressed} or {@code pycocotools} wrote; memory is taken for the
     * length of the text, at most sixteen bytes for each character while it is read and four afterwards, whatever sizes it
     * speaks of. A {@link MaskException} if it is not such a form.
     */
    public static CocoRle parse(int width, int height, String compressed) {
        ImageMask.requireSize(width, height);
        long pixels = (long) width * height;
        Counts counts = new Counts();
        for (int at = 0; at < compressed.length(); ) {
            long number = 0;
            int digits = 0;
            int digit;
            do {
                if (at == compressed.length() || digits == MAX_DIGITS) {
                    throw new MaskException("run " + counts.size() + " of a compressed mask "
                            + (digits == MAX_DIGITS ? "is too long" : "has no end") + ", at character " + at);
                }
                digit = compressed.charAt(at) - FIRST_CHARACTER;
                if (digit < 0 || digit >= 2 * MORE) {
                    throw new MaskException("character " + at + " of a compressed mask is code "
                            + (int) compressed.charAt(at) + ", expected " + (int) FIRST_CHARACTER + " to "
                            + (FIRST_CHARACTER + 2 * MORE - 1));
                }
                number |= (long) (digit & (MORE - 1)) << (DIGIT_BITS * digits);
                digits++;
                at++;
            } while ((digit & MORE) != 0);
            if ((digit & SIGN) != 0) {
                number |= -1L << (DIGIT_BITS * digits);
            }
            number += counts.difference();
            if (number < 0 || number > pixels) {
                throw new MaskException("run " + counts.size() + " of a compressed mask has the length " + number
                        + ", expected 0 to " + pixels + " for " + width + "x" + height);
            }
            counts.add((int) number);
        }
        return of(width, height, counts.toArray());
    }

    /**
     * Fills a polygon, bit for bit as {@code pycocotools} does with a segmentation of the COCO data set.
     *
     * @param width of the picture, in pixels, 1 to {@value RgbImage#MAX_SIDE}
     * @param height of the picture, in pixels, 1 to {@value RgbImage#MAX_SIDE}
     * @param points of the outline in pixels: x and y in turn, 3 to {@value #MAX_CORNERS} points
     * @throws IllegalArgumentException if a side is out of range, or the picture has more than {@value
     *     ImageOptions#LARGEST_MAX_PIXELS} pixels
     * @throws MaskException if the number of points is another, or one is more than a picture's size away from the picture
     */
    public static CocoRle ofPolygon(int width, int height, double... points) {
        ImageMask.requireSize(width, height);
        if (points.length % 2 != 0 || points.length < 6 || points.length > 2 * MAX_CORNERS) {
            throw new MaskException(
                    "a polygon has x and y of 3 to " + MAX_CORNERS + " points, got " + points.length + " numbers");
        }
        for (int i = 0; i < points.length; i++) {
            int side = i % 2 == 0 ? width : height;
            if (!(points[i] >= -side && points[i] <= 2.0 * side)) {
                throw new MaskException("number " + i + " of a polygon is " + points[i]
                        + ", far outside of a picture of " + width + "x" + height);
            }
        }
        return new CocoRle(width, height, PolygonRuns.of(width, height, points));
    }

    /** Returns the width of the picture, in pixels, at least 1. */
    public int width() {
        return width;
    }

    /** Returns the height of the picture, in pixels, at least 1. */
    public int height() {
        return height;
    }

    /** Returns a copy of the run lengths, each 0 or more: outside, inside, outside, ... */
    public int[] counts() {
        return counts.clone();
    }

    /**
     * Writes the compressed form, the {@code counts} string of {@code pycocotools}: from the fourth on, each length as its
     * difference to the one before the last; in characters {@code '0'} to {@code 'o'} of five bits, lowest first.
     */
    public String compressed() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < counts.length; i++) {
            int number = counts[i] - (i > 2 ? counts[i - 2] : 0);
            boolean more;
            do {
                int digit = number & (MORE - 1);
                number >>= DIGIT_BITS;
                more = (digit & SIGN) != 0 ? number != -1 : number != 0;
                text.append((char) (FIRST_CHARACTER + digit + (more ? MORE : 0)));
            } while (more);
        }
        return text.toString();
    }

    /** Decodes this mask: one bit a pixel. */
    public BitMask toMask() {
        BitSet bits = new BitSet(width * height);
        int at = 0;
        for (int i = 0; i < counts.length; i++) {
            int end = at + counts[i];
            if (i % 2 == 1) {
                for (int p = at; p < end; p++) {
                    bits.set(p % height * width + p / height);
                }
            }
            at = end;
        }
        return new BitMask(width, height, bits);
    }

    /** Equal if sizes and run lengths are; a mask has several run lengths if some are 0. */
    @Override
    public boolean equals(Object other) {
        return other instanceof CocoRle that
                && width == that.width
                && height == that.height
                && Arrays.equals(counts, that.counts);
    }

    @Override
    public int hashCode() {
        return Objects.hash(width, height, Arrays.hashCode(counts));
    }

    @Override
    public String toString() {
        return "CocoRle[" + width + "x" + height + ", " + counts.length + " runs]";
    }

    /** A growing list of run lengths. */
    private static final class Counts {
        private int[] values = new int[16];
        private int size;

        void add(int count) {
            if (size == values.length) {
                values = Arrays.copyOf(values, 2 * size);
            }
            values[size++] = count;
        }

        int size() {
            return size;
        }

        /** What the next number is relative to. */
        int difference() {
            return size > 2 ? values[size - 2] : 0;
        }

        int[] toArray() {
            return Arrays.copyOf(values, size);
        }
    }
}
