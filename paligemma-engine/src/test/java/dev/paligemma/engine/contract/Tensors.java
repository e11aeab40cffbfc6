package dev.paligemma.engine.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import java.nio.FloatBuffer;

/** What the contracts do with tensors. */
public final class Tensors {
    private Tensors() {}

    /** A place for a result, filled with numbers that no test expects, so that an element left out shows. */
    public static HostTensor unwritten(long... shape) {
        HostTensor tensor = HostTensor.allocate(ElementType.FLOAT32, shape);
        fill(tensor, Float.NaN);
        return tensor;
    }

    public static HostTensor fill(HostTensor tensor, float value) {
        FloatBuffer floats = tensor.floats();
        while (floats.hasRemaining()) {
            floats.put(value);
        }
        return tensor;
    }

    public static float[] floats(HostTensor tensor) {
        FloatBuffer buffer = tensor.floats();
        float[] floats = new float[buffer.remaining()];
        buffer.get(floats);
        return floats;
    }

    /**
     * Compares two tensors row by row; a row is what lies along the last axis.
     *
     * @param tolerance the largest difference allowed, as a part of the largest magnitude in the expected row; 0 asks for
     *     equal numbers
     */
    public static void assertClose(String what, HostTensor got, HostTensor expected, double tolerance) {
        assertThat(got.shape()).as("shape of %s", what).containsExactly(expected.shape());
        float[] gotFloats = floats(got);
        float[] expectedFloats = floats(expected);
        long[] shape = expected.shape();
        int width = Math.toIntExact(shape[shape.length - 1]);
        for (int row = 0; row < expectedFloats.length; row += width) {
            double magnitude = 0;
            for (int i = row; i < row + width; i++) {
                magnitude = Math.max(magnitude, Math.abs(expectedFloats[i]));
            }
            for (int i = row; i < row + width; i++) {
                double difference = Math.abs((double) gotFloats[i] - expectedFloats[i]);
                // Written so that NaN fails.
                assertThat(difference <= tolerance * magnitude)
                        .as(
                                "%s, row %d, element %d: expected %s, got %s, differs by %s of the row's magnitude %s",
                                what,
                                row / width,
                                i - row,
                                expectedFloats[i],
                                gotFloats[i],
                                difference / magnitude,
                                magnitude)
                        .isTrue();
            }
        }
    }
}
