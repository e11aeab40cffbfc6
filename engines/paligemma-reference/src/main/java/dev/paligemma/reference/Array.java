package dev.paligemma.reference;

import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * A tensor in the Java heap, row-major, of at most 2^31 - 1 elements. Not written once it is made.
 *
 * @param shape its sizes; {@code [..., D]} is read as rows of width {@code D}
 * @param floats its elements if they are float32, else empty
 * @param longs its elements if they are int64, else empty
 */
record Array(int[] shape, float[] floats, long[] longs) {
    /** A tensor of float32, to be filled by who makes it. */
    static Array zeros(int... shape) {
        return new Array(shape, new float[elements(shape)], new long[0]);
    }

    /** A tensor of float32: for each row {@code t} what gives its elements {@code i}, each of which is rounded here. */
    static Array of(int[] shape, IntFunction<IntToDoubleFunction> rows) {
        Array array = zeros(shape);
        int width = array.width();
        for (int t = 0; t * width < array.floats.length; t++) {
            IntToDoubleFunction row = rows.apply(t);
            for (int i = 0; i < width; i++) {
                array.floats[t * width + i] = (float) row.applyAsDouble(i);
            }
        }
        return array;
    }

    /** A copy of a caller's tensor. */
    static Array of(HostTensor tensor) {
        int[] shape = Arrays.stream(tensor.shape()).mapToInt(Math::toIntExact).toArray();
        if (tensor.type() == ElementType.INT64) {
            long[] longs = new long[elements(shape)];
            tensor.longs().get(longs);
            return new Array(shape, new float[0], longs);
        }
        Array array = zeros(shape);
        tensor.floats().get(array.floats);
        return array;
    }

    /** Fills a caller's tensor of the same type and shape. */
    void copyTo(HostTensor tensor) {
        if (tensor.type() == ElementType.INT64) {
            tensor.longs().put(longs);
        } else {
            tensor.floats().put(floats);
        }
    }

    private static int elements(int... sizes) {
        return Arrays.stream(sizes).reduce(1, Math::multiplyExact);
    }

    /** The size of the last axis. */
    int width() {
        return shape.length == 0 ? 1 : shape[shape.length - 1];
    }

    /** How many rows there are along the last axis: the product of all other sizes. */
    int rows() {
        return elements(Arrays.copyOf(shape, Math.max(0, shape.length - 1)));
    }

    /** By how much the index of an element grows from one place along an axis to the next. */
    int step(int axis) {
        return elements(Arrays.copyOfRange(shape, axis + 1, shape.length));
    }

    /** One element of a row, to compute with. */
    double at(int row, int i) {
        return floats[row * width() + i];
    }

    /** All elements of a row, {@code [D]}, to compute with. */
    double[] row(int row) {
        return IntStream.range(0, width()).mapToDouble(i -> at(row, i)).toArray();
    }

    /** Copies of all rows, {@code [D]} each. */
    List<float[]> split() {
        return IntStream.range(0, rows())
                .mapToObj(t -> Arrays.copyOfRange(floats, t * width(), (t + 1) * width()))
                .toList();
    }
}
