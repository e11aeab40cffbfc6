package dev.paligemma.retrieval;

import java.util.Arrays;
import java.util.Objects;

/**
 * What a page encoder gives of a page or a query: one row of numbers for each image patch and each token, {@code float32[R,
 * D]}. Rows of a {@link PageEncoder} have the length 1. Immutable.
 */
public final class Rows {
    private final float[] values;
    private final int width;

    private Rows(float[] values, int width) {
        this.values = values;
        this.width = width;
    }

    /**
     * Rows of numbers that were stored somewhere, one after the other.
     *
     * @param values {@code float32[R, D]}, copied; all finite
     * @param width D, at least 1
     * @throws IllegalArgumentException if the numbers are not a multiple of the width, none, or not all finite
     */
    public static Rows of(float[] values, int width) {
        if (width < 1 || values.length == 0 || values.length % width != 0) {
            throw new IllegalArgumentException("rows of " + width + " numbers need a positive multiple of that, got "
                    + values.length + " numbers");
        }
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new IllegalArgumentException("number " + i % width + " of row " + i / width + " is " + values[i]
                        + ", expected a finite one");
            }
        }
        return new Rows(values.clone(), width);
    }

    /** R, at least 1. */
    public int count() {
        return values.length / width;
    }

    /** D, 128 for published models. */
    public int width() {
        return width;
    }

    /** One number. */
    public float at(int row, int column) {
        Objects.checkIndex(column, width);
        return values[Objects.checkIndex(row, count()) * width + column];
    }

    /** One row, {@code float32[D]}, a new array. */
    public float[] row(int row) {
        int from = Objects.checkIndex(row, count()) * width;
        return Arrays.copyOfRange(values, from, from + width);
    }

    /** All rows, one after the other, {@code float32[R, D]}, a new array. */
    public float[] toArray() {
        return values.clone();
    }

    /** All rows, not to be written. */
    float[] values() {
        return values;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Rows rows && width == rows.width && Arrays.equals(values, rows.values);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(values) + width;
    }

    /** Tells the sizes, not the numbers. */
    @Override
    public String toString() {
        return "Rows[" + count() + " x " + width + "]";
    }
}
