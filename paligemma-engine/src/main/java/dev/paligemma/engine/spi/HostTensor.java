package dev.paligemma.engine.spi;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.ElementType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;

/**
 * A tensor in the computer's memory, outside the Java heap, row-major: what goes into a program and comes out of it.
 *
 * <p>Type and shape never change; the numbers may, and there is no locking: one thread at a time. The memory is freed
 * with the object.
 */
public final class HostTensor {
    private final ElementType type;
    private final long[] shape;
    private final ByteBuffer data;

    private HostTensor(ElementType type, long[] shape, ByteBuffer data) {
        this.type = type;
        this.shape = shape;
        this.data = data;
    }

    /**
     * A tensor of zeros.
     *
     * @param type the type of its elements
     * @param shape its sizes, each at least 0
     * @throws IllegalArgumentException if a size is negative or the tensor would exceed 2 GiB
     * @throws EngineException if there is not enough memory outside the Java heap
     */
    public static HostTensor allocate(ElementType type, long... shape) {
        long bytes = type.bytes();
        for (long size : shape) {
            if (size < 0) {
                throw new IllegalArgumentException("negative size in shape " + Arrays.toString(shape));
            }
            if (size != 0 && bytes > Integer.MAX_VALUE / size) {
                throw new IllegalArgumentException("tensor " + type + Arrays.toString(shape) + " exceeds 2 GiB");
            }
            bytes *= size;
        }
        try {
            ByteBuffer memory = ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.nativeOrder());
            return new HostTensor(type, shape.clone(), memory);
        } catch (OutOfMemoryError e) {
            throw new EngineException(
                    "not enough memory outside the Java heap for a tensor " + type + Arrays.toString(shape) + ": "
                            + e.getMessage() + "; raise -XX:MaxDirectMemorySize",
                    e);
        }
    }

    /** A vector of 64-bit integers, copied: {@code int64[values.length]}. */
    public static HostTensor ofLongs(long... values) {
        HostTensor tensor = allocate(ElementType.INT64, values.length);
        tensor.longs().put(values);
        return tensor;
    }

    /**
     * Some rows of this tensor, along the first dimension, in the same memory.
     *
     * @throws IndexOutOfBoundsException if the rows are not all within this tensor
     */
    public HostTensor rows(int firstRow, int rows) {
        java.util.Objects.checkFromIndexSize(firstRow, rows, Math.toIntExact(shape[0]));
        int rowBytes = shape[0] == 0 ? 0 : (int) (data.capacity() / shape[0]);
        long[] newShape = shape.clone();
        newShape[0] = rows;
        ByteBuffer part = data.duplicate().position(firstRow * rowBytes).limit((firstRow + rows) * rowBytes);
        return new HostTensor(type, newShape, part.slice().order(ByteOrder.nativeOrder()));
    }

    /** The type of the elements. */
    public ElementType type() {
        return type;
    }

    /** The sizes. */
    public long[] shape() {
        return shape.clone();
    }

    /** All elements of a float32 tensor: a view of the memory; an {@link IllegalStateException} if the type is another. */
    public FloatBuffer floats() {
        requireType(ElementType.FLOAT32);
        return bytes().asFloatBuffer();
    }

    /** All elements of an int64 tensor: a view of the memory; an {@link IllegalStateException} if the type is another. */
    public LongBuffer longs() {
        requireType(ElementType.INT64);
        return bytes().asLongBuffer();
    }

    /** The memory itself: a direct view in native byte order. */
    public ByteBuffer bytes() {
        return data.duplicate().order(ByteOrder.nativeOrder());
    }

    private void requireType(ElementType wanted) {
        if (type != wanted) {
            throw new IllegalStateException("expected a tensor of " + wanted + ", got " + this);
        }
    }

    /** Returns type and shape, for example {@code float32[1, 2048]}. */
    @Override
    public String toString() {
        return type + Arrays.toString(shape);
    }
}
