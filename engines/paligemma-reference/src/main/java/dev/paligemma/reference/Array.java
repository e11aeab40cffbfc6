package dev.paligemma.reference;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A tensor in the Java heap, row-major. Not written once it is made.
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
        try {
            return Arrays.stream(sizes).reduce(1, Math::multiplyExact);
        } catch (ArithmeticException e) {
            throw new EngineException("a tensor of " + Arrays.toString(sizes) + " exceeds a Java array, 2^31 elements", e);
        }
    }

    /** The size of the last axis. */
    int width() {
        return shape.length == 0 ? 1 : shape[shape.length - 1];
    }

    /** How many rows there are along the last axis: the product of all other sizes. */
    int rows() {
        return elements(Arrays.copyOf(shape, Math.max(0, shape.length - 1)));
    }

    /** A copy of one row, {@code [D]}, to compute with. */
    double[] row(int row) {
        double[] copy = new double[width()];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = floats[row * copy.length + i];
        }
        return copy;
    }

    /** Copies of all rows, {@code [D]} each, in a list that may grow. */
    List<double[]> split() {
        return IntStream.range(0, rows()).mapToObj(this::row).collect(Collectors.toCollection(ArrayList::new));
    }
}
