package dev.paligemma.checkpoint.internal.quant;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.weights.MatrixFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Codes and scales of src/reference/quantisation/make_goldens.py, computed by numpy. */
class QuantiserGoldenTest {
    @ParameterizedTest
    @ValueSource(strings = {"normal", "padded", "short", "long_tails", "outliers", "odd", "bfloat16"})
    void quantisesAsNumpyDoes(String name) throws IOException {
        ByteBuffer golden = golden(name);
        int rows = golden.getInt();
        int in = golden.getInt();
        float[] values = floats(golden, rows * in);
        int blocks = (int) MatrixFormat.blocks(in);
        Int4Blocks int4 = new Int4Blocks();
        for (MatrixFormat format :
                new MatrixFormat[] {MatrixFormat.INT8_CHANNELS, MatrixFormat.INT8_BLOCKS, MatrixFormat.INT4_BLOCKS}) {
            float[] expectedScales = floats(golden, rows * blocks);
            byte[] expectedCodes = new byte[rows * blocks * format.codeBytes()];
            golden.get(expectedCodes);

            float[] scales = new float[expectedScales.length];
            byte[] codes = new byte[expectedCodes.length];
            for (int row = 0; row < rows; row++) {
                int from = row * in;
                int codesFrom = row * blocks * format.codeBytes();
                int scalesFrom = row * blocks;
                switch (format) {
                    case INT8_CHANNELS ->
                        Int8Codes.quantizeChannels(values, from, in, codes, codesFrom, scales, scalesFrom);
                    case INT8_BLOCKS ->
                        Int8Codes.quantizeBlocks(values, from, in, codes, codesFrom, scales, scalesFrom);
                    case INT4_BLOCKS -> int4.quantize(values, from, in, codes, codesFrom, scales, scalesFrom);
                }
            }

            assertThat(scales).as("scales of %s", format).isEqualTo(expectedScales);
            assertThat(codes).as("codes of %s", format).isEqualTo(expectedCodes);
        }
        assertThat(golden.hasRemaining()).isFalse();
    }

    private static float[] floats(ByteBuffer from, int count) {
        float[] values = new float[count];
        from.asFloatBuffer().get(values);
        from.position(from.position() + count * Float.BYTES);
        return values;
    }

    private static ByteBuffer golden(String name) throws IOException {
        String resource = "/quantisation/" + name + ".bin";
        try (InputStream in =
                Objects.requireNonNull(QuantiserGoldenTest.class.getResourceAsStream(resource), resource)) {
            return ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
