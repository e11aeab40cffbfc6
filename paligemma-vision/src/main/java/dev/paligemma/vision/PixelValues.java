package dev.paligemma.vision;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Objects;

/**
 * What the vision network takes: float32[3, S, S], one plane each of red, green and blue; immutable and thread-safe.
 *
 * <p>Values lie between -1 and 1 for the published checkpoints.
 */
public final class PixelValues {
    /** The number of planes. */
    public static final int CHANNELS = 3;

    private final int size;
    private final float[] values;

    /** Takes over the array without copying: for callers in this package that give it away. */
    PixelValues(int size, float[] values) {
        this.size = size;
        this.values = values;
    }

    /**
     * Copies values that were computed elsewhere: float32[3, S, S].
     *
     * @param size S, the number of rows and of columns, 1 to {@value ImageProcessor#MAX_SIZE}
     * @throws IllegalArgumentException if the size is out of range, or the number of values is not {@code 3 * S * S}
     */
    public static PixelValues of(int size, float[] values) {
        if (size < 1 || size > ImageProcessor.MAX_SIZE) {
            throw new IllegalArgumentException("size must be 1 to " + ImageProcessor.MAX_SIZE + ", not " + size);
        }
        if (values.length != CHANNELS * size * size) {
            throw new IllegalArgumentException(
                    "expected " + CHANNELS * size * size + " values for size " + size + ", got " + values.length);
        }
        return new PixelValues(size, values.clone());
    }

    /** Returns S: the number of rows and of columns. */
    public int size() {
        return size;
    }

    /**
     * Returns one value.
     *
     * @param channel 0 is red, 1 green, 2 blue
     * @param y row, 0 is the top
     * @param x column, 0 is left
     * @throws IndexOutOfBoundsException if an index is out of its range
     */
    public float get(int channel, int y, int x) {
        int plane = Objects.checkIndex(channel, CHANNELS);
        return values[(plane * size + Objects.checkIndex(y, size)) * size + Objects.checkIndex(x, size)];
    }

    /**
     * Copies all values, float32[3, S, S], to a buffer at its position, which is advanced; a {@link
     * java.nio.BufferOverflowException} if there is no room for them.
     */
    public void copyTo(FloatBuffer target) {
        target.put(values);
    }

    /** Returns a copy of all values: float32[3, S, S]. */
    public float[] toArray() {
        return values.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PixelValues that && size == that.size && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return "PixelValues[" + CHANNELS + ", " + size + ", " + size + "]";
    }
}
