package dev.paligemma.engine.weights;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;

/**
 * Where one tensor lies in a file, and what it looks like. Immutable and thread-safe.
 *
 * <p>The bytes are row-major, little-endian, without gaps. The offset is not aligned to anything.
 *
 * <p>Of a weight in a {@linkplain DType#isQuantised() quantised} format, the shape is that of the weight, and the bytes are
 * its codes. Of a type that starts with {@code NPZ_}, the bytes
 * are those of the tensor in another order.
 *
 * @param name the name of the tensor as written in the file
 * @param dtype the type of the elements
 * @param shape the sizes of the dimensions, none for a scalar; copied on the way in and out
 * @param file the absolute path of the file with symbolic links resolved
 * @param offset the position of the first byte, counted from the start of the file
 * @param byteLength the number of bytes that the elements of the shape take in that type
 */
public record TensorInfo(String name, DType dtype, long[] shape, Path file, long offset, long byteLength) {

    /**
     * Makes a description and checks that shape, type and length agree.
     *
     * @throws IllegalArgumentException if a number is negative, overflows, or the length does not fit the shape
     */
    public TensorInfo {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(dtype, "dtype");
        Objects.requireNonNull(file, "file");
        shape = shape.clone();
        if (offset < 0 || byteLength < 0 || offset > Long.MAX_VALUE - byteLength) {
            throw new IllegalArgumentException(
                    "offset and byteLength must be non-negative, got " + offset + " and " + byteLength);
        }
        long needed;
        try {
            needed = dtype.byteCount(product(shape));
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("shape " + Arrays.toString(shape) + " is too large", e);
        }
        if (needed != byteLength) {
            throw new IllegalArgumentException(
                    dtype + Arrays.toString(shape) + " takes " + needed + " bytes, but byteLength is " + byteLength);
        }
    }

    /** Returns the sizes of the dimensions: a fresh array, empty for a scalar. */
    @Override
    public long[] shape() {
        return shape.clone();
    }

    /** Returns the number of elements: the product of the shape; 1 for a scalar. */
    public long elementCount() {
        return product(shape);
    }

    /** The product of non-negative sizes. */
    private static long product(long[] shape) {
        long count = 1;
        for (long size : shape) {
            if (size < 0) {
                throw new IllegalArgumentException("shape " + Arrays.toString(shape) + " has a negative size");
            }
            count = Math.multiplyExact(count, size);
        }
        return count;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TensorInfo that
                && name.equals(that.name)
                && dtype == that.dtype
                && Arrays.equals(shape, that.shape)
                && file.equals(that.file)
                && offset == that.offset
                && byteLength == that.byteLength;
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, dtype, Arrays.hashCode(shape), file, offset, byteLength);
    }

    @Override
    public String toString() {
        return name + " " + dtype + Arrays.toString(shape) + " at " + offset + " of " + file;
    }
}
