package dev.paligemma.vision.mask;

import java.util.Arrays;
import java.util.Objects;

/**
 * A closed line along the edges of pixels: its corners, in order. Immutable and thread-safe.
 *
 * <p>Corner (x, y) is the upper left corner of pixel (x, y), so coordinates go from 0 to the width and the height of the
 * picture. Sides are alternately horizontal and vertical; the last corner is joined with the first. A line may touch
 * itself at a corner but does not cross itself. With y downwards, the object lies to the right of the line: it runs
 * clockwise around a region and anticlockwise around a hole.
 */
public final class PixelRing {
    /** x and y in turn. */
    private final int[] coordinates;

    /** Takes over the array. */
    PixelRing(int[] coordinates) {
        this.coordinates = coordinates;
    }

    /** Returns the number of corners: 4 or more, even. */
    public int size() {
        return coordinates.length / 2;
    }

    /**
     * Returns the column of a corner, by its index from 0 on: 0 to the width of the picture.
     *
     * @throws IndexOutOfBoundsException if there is no such corner
     */
    public int x(int i) {
        return coordinates[2 * Objects.checkIndex(i, size())];
    }

    /** Returns the row of a corner, as {@link #x}: 0 to the height of the picture. */
    public int y(int i) {
        return coordinates[2 * Objects.checkIndex(i, size()) + 1];
    }

    /**
     * Returns a copy of all corners, in the form of COCO's {@code segmentation} lists: x and y of the first corner, x
     * and y of the second, ....
     */
    public int[] toArray() {
        return coordinates.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PixelRing that && Arrays.equals(coordinates, that.coordinates);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(coordinates);
    }

    @Override
    public String toString() {
        return "PixelRing[" + size() + " corners from " + x(0) + "," + y(0) + "]";
    }
}
