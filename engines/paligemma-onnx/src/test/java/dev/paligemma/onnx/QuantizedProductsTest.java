package dev.paligemma.onnx;

import static dev.paligemma.engine.contract.Tensors.floats;
import static dev.paligemma.engine.contract.Tensors.unwritten;
import static dev.paligemma.onnx.TestCheckpoints.dequantized;
import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.onnx.TestCheckpoints.Sizes;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Products of 8 and 4 bits against sums in double precision over the numbers that the stored codes stand for. What is left
 * is the error of activations in 8 bits, for which each case has its bound.
 */
class QuantizedProductsTest {
    /** Half a step of 1/127 of the largest activation, and room for the rounding of single precision. */
    private static final double HALF_STEP = 0.5 / 127 * 1.001;

    /** The errors of rounding are spread over [-1/2, 1/2] steps: their deviation is 1/sqrt(12); a tenth is for chance. */
    private static final double DEVIATION = 1 / Math.sqrt(12) * 1.1;

    private static final Weight PROJECTOR = Weight.of("multi_modal_projector.linear.weight", 1, 1);
    private static final String BIAS = "multi_modal_projector.linear.bias";

    @TempDir
    Path temp;

    /** What is multiplied, and what should come out. */
    private record Oracle(double[] exact, double[] bounds, double expectedSquares) {

        /** {@code x W^T + b} over rows of x. */
        static Oracle of(float[] x, float[] matrix, float[] bias, int out) {
            int in = matrix.length / out;
            int rows = x.length / in;
            double[] exact = new double[rows * out];
            double[] bounds = new double[rows * out];
            double squares = 0;
            for (int row = 0; row < rows; row++) {
                double largest = 0;
                for (int i = 0; i < in; i++) {
                    largest = Math.max(largest, Math.abs(x[row * in + i]));
                }
                for (int o = 0; o < out; o++) {
                    double sum = bias.length == 0 ? 0 : bias[o];
                    double magnitude = 0;
                    double energy = 0;
                    for (int i = 0; i < in; i++) {
                        double weight = matrix[o * in + i];
                        sum += weight * x[row * in + i];
                        magnitude += Math.abs(weight);
                        energy += weight * weight;
                    }
                    exact[row * out + o] = sum;
                    bounds[row * out + o] = HALF_STEP * largest * magnitude + 1e-5 * (Math.abs(sum) + 1e-3);
                    squares += energy * Math.pow(DEVIATION * largest / 127, 2);
                }
            }
            return new Oracle(exact, bounds, squares);
        }

        /**
         * @param typical whether there are enough numbers for their mean square to say something
         */
        void assertHolds(String what, float[] got, boolean typical) {
            assertThat(got).hasSize(exact.length);
            double squares = 0;
            for (int i = 0; i < got.length; i++) {
                double error = Math.abs(got[i] - exact[i]);
                // Written so that NaN fails.
                assertThat(error <= bounds[i])
                        .as("%s, element %d: expected %s within %s, got %s", what, i, exact[i], bounds[i], got[i])
                        .isTrue();
                squares += error * error;
            }
            if (typical) {
                assertThat(squares).as("%s, squared errors", what).isLessThan(expectedSquares);
            }
        }
    }

    /** Widths on both sides of blocks of 128 and of what kernels work on at once; rows on both sides of their tiles. */
    @ParameterizedTest(name = "{0} -> {1}, {2} rows, bias {3}")
    @CsvSource({
        "4, 1, 1, true",
        "4, 3, 5, false",
        "100, 17, 3, true",
        "128, 16, 1, false",
        "132, 33, 128, true",
        "200, 1, 130, true",
        "256, 64, 257, false",
        "388, 130, 2, true",
        "640, 40, 129, true"
    })
    void manyRowsFollowTheStoredCodes(int in, int out, int rows, boolean withBias) {
        Sizes sizes = new Sizes(out, 8, 1, 1, 2, 1, in);
        Weight weight = Weight.of(PROJECTOR.name(), out, in);
        LinearWeights linear = new LinearWeights(weight, withBias ? Weight.of(BIAS, out) : null);
        GraphBuilder g = new GraphBuilder("product");
        g.output("y", g.linear(g.input("x", ElementType.FLOAT32, Shape.of("rows", in)), linear));
        Graph graph = g.build();
        HostTensor x = random(rows, in);
        HostTensor y = unwritten(rows, out);

        try (Checkpoint original = TestCheckpoints.random(temp.resolve("original"), sizes);
                Checkpoint converted = TestCheckpoints.convert(original, Precision.INT8, temp.resolve("int8"), graph)) {
            try (Program program = engine(Precision.INT8).compile(graph, converted)) {
                program.run(Map.of("x", x), Map.of("y", y));
            }

            float[] matrix = dequantized(converted, weight, MatrixFormat.INT8_CHANNELS);
            float[] bias = withBias ? TestCheckpoints.floats(converted, BIAS) : new float[0];
            Oracle.of(floats(x), matrix, bias, out).assertHolds("y", floats(y), rows * out > 2000);
        }
    }

    /** The prefix uses integer products, later rows products by blocks; at four bits with other codes. */
    @ParameterizedTest(name = "{0}, {1} -> {2}, prefix of {3}")
    @CsvSource({
        "INT8, 128, 128, 1",
        "INT8, 388, 130, 129",
        "INT8, 100, 17, 3",
        "INT4, 128, 128, 257",
        "INT4, 388, 130, 2",
        "INT4, 100, 33, 1"
    })
    void prefixAndLaterRowsFollowTheirOwnCodes(Precision precision, int in, int out, int prefix) {
        Sizes sizes = new Sizes(in, out, 1, 1, 2, 1, 4);
        Weight weight = gate(out, in);
        Graph graph = withCache(new LinearWeights(weight, null), in);
        MatrixFormat later = precision == Precision.INT4 ? MatrixFormat.INT4_BLOCKS : MatrixFormat.INT8_CHANNELS;
        HostTensor x = random(prefix + 4, in);
        HostTensor y = unwritten(prefix + 4, out);

        try (Checkpoint original = TestCheckpoints.random(temp.resolve("original"), sizes);
                Checkpoint converted = TestCheckpoints.convert(original, precision, temp.resolve("made"), graph)) {
            run(engine(precision).compile(graph, converted), prefix, x, y);

            float[] none = new float[0];
            float[] prefixMatrix = dequantized(converted, weight, MatrixFormat.INT8_CHANNELS);
            float[] laterMatrix = dequantized(converted, weight, later);
            Oracle.of(floats(x.rows(0, prefix)), prefixMatrix, none, out)
                    .assertHolds("prefix", floats(y.rows(0, prefix)), prefix * out > 2000);
            Oracle.of(floats(x.rows(prefix, 4)), laterMatrix, none, out)
                    .assertHolds("later rows", floats(y.rows(prefix, 4)), false);
        }
    }

    /**
     * The same row as part of the prefix and as a later row. At 8 bits both have the same codes and differ by rounding
     * activations; at 4 bits the later row shows the coarser codes, so each path is known to have run.
     */
    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"INT8", "INT4"})
    void sameRowInThePrefixAndLater(Precision precision) {
        int in = 256;
        int out = 192;
        Graph graph = withCache(new LinearWeights(gate(out, in), null), in);
        HostTensor x = random(8, in);
        HostTensor twice = HostTensor.allocate(ElementType.FLOAT32, 9, in);
        twice.floats().put(x.floats()).put(x.rows(5, 1).floats());
        HostTensor y = unwritten(9, out);

        try (Checkpoint original = TestCheckpoints.random(temp.resolve("original"), new Sizes(in, out, 1, 1, 2, 1, 4));
                Checkpoint converted = TestCheckpoints.convert(original, precision, temp.resolve("made"), graph)) {
            run(engine(precision).compile(graph, converted), 8, twice, y);
        }

        double difference = RelativeError.of(floats(y.rows(8, 1)), floats(y.rows(5, 1)));
        if (precision == Precision.INT8) {
            assertThat(difference).isLessThan(0.015);
        } else {
            assertThat(difference).isBetween(0.05, 0.2);
        }
    }

    /** A matrix that meets one row only is stored in blocks, and serves lookups as well. */
    @Test
    void headAndEmbeddingShareOneTable() {
        int width = 200;
        Weight table = Weight.of(TestCheckpoints.EMBEDDING, Sizes.VOCABULARY, width);
        GraphBuilder g = new GraphBuilder("table");
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of(1, width));
        g.output("embedded", g.embedding(g.input("ids", ElementType.INT64, Shape.of("tokens")), table));
        g.output("logits", g.linear(x, new LinearWeights(table, null)));
        Graph graph = g.build();
        HostTensor values = random(1, width);
        HostTensor embedded = unwritten(4, width);
        HostTensor logits = unwritten(1, Sizes.VOCABULARY);

        try (Checkpoint original =
                        TestCheckpoints.random(temp.resolve("original"), new Sizes(width, 8, 1, 1, 2, 1, 4));
                Checkpoint converted = TestCheckpoints.convert(original, Precision.INT8, temp.resolve("made"), graph)) {
            try (Program program = engine(Precision.INT8).compile(graph, converted)) {
                program.run(
                        Map.of("x", values, "ids", HostTensor.ofLongs(63, 0, 7, 0)),
                        Map.of("embedded", embedded, "logits", logits));
            }

            float[] rows = dequantized(converted, table, MatrixFormat.INT8_BLOCKS);
            float[] got = floats(embedded);
            int[] ids = {63, 0, 7, 0};
            for (int i = 0; i < got.length; i++) {
                assertThat(got[i]).isEqualTo(rows[ids[i / width] * width + i % width]);
            }
            Oracle.of(floats(values), rows, new float[0], Sizes.VOCABULARY)
                    .assertHolds("logits", floats(logits), false);
            assertThat(converted.contains(table.name())).isFalse();
        }
    }

    /** A result in the middle, given to the caller and handed on to the next session. */
    @Test
    void resultsInTheMiddleAreGivenToo() {
        int width = 128;
        GraphBuilder g = new GraphBuilder("chain");
        Tensor first = g.linear(g.input("x", ElementType.FLOAT32, Shape.of("rows", width)), linear(width, width));
        g.output("first", first);
        g.output("second", g.linear(first, linear(width, width)));
        Graph graph = g.build();
        HostTensor x = random(3, width);
        HostTensor[] results = {unwritten(3, width), unwritten(3, width), unwritten(3, width), unwritten(3, width)};

        try (Checkpoint original =
                        TestCheckpoints.random(temp.resolve("original"), new Sizes(width, width, 1, 1, 2, 1, 4));
                Checkpoint converted = TestCheckpoints.convert(original, Precision.INT8, temp.resolve("made"), graph);
                Program program = engine(Precision.INT8).compile(graph, converted)) {
            program.run(Map.of("x", x), Map.of("first", results[0], "second", results[1]));
            program.run(Map.of("x", x), Map.of("first", results[2]));
            program.run(Map.of("x", results[0]), Map.of("first", results[3]));
        }

        // One program and the same shapes, so the same bits.
        assertThat(floats(results[2])).isEqualTo(floats(results[0]));
        assertThat(floats(results[1])).isEqualTo(floats(results[3])).doesNotContain(Float.NaN);
    }

    /** Rows of zeros have no scale, and rows beside each other none in common. */
    @ParameterizedTest
    @ValueSource(ints = {1, 5})
    void rowsOfAllMagnitudes(int rowsAfter) {
        int in = 132;
        int out = 20;
        float[] magnitudes = {0, 1e-30f, 1e-6f, 1, 1e6f, 1e30f, 0};
        int rows = magnitudes.length * rowsAfter;
        HostTensor x = random(rows, in);
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < in; i++) {
                int at = row * in + i;
                x.floats().put(at, x.floats().get(at) * magnitudes[row % magnitudes.length]);
            }
        }
        HostTensor y = unwritten(rows, out);
        Weight weight = gate(out, in);
        GraphBuilder g = new GraphBuilder("product");
        g.output(
                "y",
                g.linear(g.input("x", ElementType.FLOAT32, Shape.of("rows", in)), new LinearWeights(weight, null)));
        Graph graph = g.build();

        try (Checkpoint original = TestCheckpoints.random(temp.resolve("original"), new Sizes(in, out, 1, 1, 2, 1, 4));
                Checkpoint converted = TestCheckpoints.convert(original, Precision.INT8, temp.resolve("made"), graph)) {
            try (Program program = engine(Precision.INT8).compile(graph, converted)) {
                program.run(Map.of("x", x), Map.of("y", y));
            }
            float[] matrix = dequantized(converted, weight, MatrixFormat.INT8_CHANNELS);
            for (int row = 0; row < rows; row++) {
                float magnitude = magnitudes[row % magnitudes.length];
                if (magnitude >= 1e-6f) {
                    float[] got = floats(y.rows(row, 1));
                    double error = RelativeError.of(
                            got,
                            toFloats(Oracle.of(floats(x.rows(row, 1)), matrix, new float[0], out)
                                    .exact()));
                    assertThat(error).as("row of magnitude %s", magnitude).isLessThan(0.02);
                } else {
                    for (float got : floats(y.rows(row, 1))) {
                        assertThat(Math.abs(got)).isLessThan(1e-20f);
                    }
                }
            }
        }
    }

    /**
     * One form is for processors whose products of unsigned by signed bytes saturate; elsewhere both are exact, as sums of
     * integers are, and so equal. What the probe says of this processor must be what happens here.
     */
    @Test
    void bothFormsOfIntegerProductsAreEqualWhereTheProbeSaysSo() throws OrtException {
        int in = 388;
        int out = 72;
        Graph graph = withCache(new LinearWeights(gate(out, in), null), in);
        HostTensor x = random(40, in);
        // The largest codes everywhere are what saturates.
        for (int i = 0; i < in; i++) {
            x.floats().put(i, i % 2 == 0 ? 3f : -3f).put(in + i, 3f);
        }
        HostTensor signed = unwritten(40, out);
        HostTensor unsigned = unwritten(40, out);

        try (Checkpoint original = TestCheckpoints.random(temp.resolve("original"), new Sizes(in, out, 1, 1, 2, 1, 4));
                Checkpoint converted = TestCheckpoints.convert(original, Precision.INT8, temp.resolve("made"), graph)) {
            run(compile(graph, converted, true, true), 38, x, signed);
            run(compile(graph, converted, false, true), 38, x, unsigned);
        }

        assertThat(floats(unsigned)).doesNotContain(Float.NaN);
        assertThat(Arrays.equals(floats(unsigned), floats(signed)))
                .isEqualTo(ProductProbe.unsignedBySignedIsExact(OrtEnvironment.getEnvironment()));
    }

    /** Matrices that stay mapped and matrices that are read for each run are the same, all at multiples of 64 bytes. */
    @Test
    void readingMatricesForEachRunChangesNothing() throws OrtException {
        int width = 260;
        GraphBuilder g = new GraphBuilder("chain");
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", width));
        Weight up = Weight.of("language_model.layers.0.mlp.up_proj.weight", width, width);
        g.output("y", g.linear(g.gelu(g.linear(x, linear(width, width))), new LinearWeights(up, null)));
        Graph graph = g.build();
        HostTensor values = random(7, width);
        HostTensor mapped = unwritten(7, width);
        HostTensor read = unwritten(7, width);

        try (Checkpoint original =
                        TestCheckpoints.random(temp.resolve("original"), new Sizes(width, width, 1, 1, 2, 1, 4));
                Checkpoint converted = TestCheckpoints.convert(original, Precision.INT4, temp.resolve("made"), graph)) {
            try (Program program = compile(graph, converted, true, true)) {
                program.run(Map.of("x", values), Map.of("y", mapped));
            }
            try (Program program = compile(graph, converted, true, false)) {
                program.run(Map.of("x", values), Map.of("y", read));
            }
        }

        assertThat(floats(read)).isEqualTo(floats(mapped)).doesNotContain(Float.NaN);
    }

    private static Program compile(Graph graph, Checkpoint checkpoint, boolean exactProducts, boolean keepMapped)
            throws OrtException {
        return new GraphCompiler(
                        OrtEnvironment.getEnvironment(),
                        checkpoint,
                        1,
                        keepMapped,
                        phase -> new GraphEmitter.Settings(true, phase, 8192, exactProducts))
                .compile(graph);
    }

    /** What makes the engine fast is which operators stand in the model; results alone would not show a slow path. */
    @Test
    void matricesStandInQuantizedOperatorsOnly() {
        int in = 128;
        int out = 64;
        Graph graph = withCache(new LinearWeights(gate(out, in), null), in);
        GraphBuilder g = new GraphBuilder("product");
        g.output("y", g.linear(g.input("x", ElementType.FLOAT32, Shape.of("rows", in)), linear(out, in)));
        Graph plain = g.build();

        for (Precision precision : List.of(Precision.INT8, Precision.INT4)) {
            try (Checkpoint original = TestCheckpoints.random(
                            temp.resolve("original " + precision), new Sizes(in, out, 1, 1, 2, 1, 4));
                    Checkpoint converted =
                            TestCheckpoints.convert(original, precision, temp.resolve(precision.toString()), graph)) {
                assertThat(EmittedOperators.ofBlock(plain, converted))
                        .containsOnlyOnce("MatMulIntegerToFloat", "QuantizeLinear")
                        .doesNotContain("MatMul", "Gemm", "DequantizeLinear", "MatMulNBits");
                assertThat(EmittedOperators.ofResident(plain, converted, Phase.NEXT))
                        .containsOnlyOnce("MatMulNBits")
                        .doesNotContain("MatMul", "Gemm", "DequantizeLinear", "MatMulIntegerToFloat");
                // Attention multiplies activations: probabilities by values.
                assertThat(EmittedOperators.ofResident(graph, converted, Phase.NEXT))
                        .contains("MatMulNBits")
                        .filteredOn("MatMul"::equals)
                        .hasSize(3);
            }
        }
    }

    /** Activations that several matrices read are quantised once. */
    @Test
    void sharedActivationsAreQuantizedOnce() {
        int in = 128;
        GraphBuilder g = new GraphBuilder("shared");
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", in));
        g.output("gate", g.linear(x, linear(64, in)));
        g.output(
                "up",
                g.linear(x, new LinearWeights(Weight.of("language_model.layers.0.mlp.up_proj.weight", 64, in), null)));
        Graph graph = g.build();

        try (Checkpoint original = TestCheckpoints.random(temp.resolve("original"), new Sizes(in, 64, 1, 1, 2, 1, 4));
                Checkpoint converted = TestCheckpoints.convert(original, Precision.INT8, temp.resolve("made"), graph)) {
            assertThat(EmittedOperators.ofBlock(graph, converted))
                    .containsOnlyOnce("QuantizeLinear")
                    .filteredOn("MatMulIntegerToFloat"::equals)
                    .hasSize(2);
        }
    }

    private static LinearWeights linear(int out, int in) {
        return new LinearWeights(gate(out, in), null);
    }

    private static Weight gate(int out, int in) {
        return Weight.of("language_model.layers.0.mlp.gate_proj.weight", out, in);
    }

    /** A product, and beside it an attention whose cache makes the graph a decoder. */
    private static Graph withCache(LinearWeights linear, int width) {
        GraphBuilder g = new GraphBuilder("decoder");
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", width));
        g.output("y", g.linear(x, linear));
        g.output("mixed", g.attention(x, x, x, new AttentionSpec(1, 1, width, 0.1f, 0, 0, "cache", 0)));
        return g.build();
    }

    /** Runs the first rows at once and the others one by one, and closes the program. */
    private static void run(Program program, int prefix, HostTensor x, HostTensor y) {
        try (program;
                DecodingState state = program.newState(2)) {
            state.run(Map.of("x", x.rows(0, prefix)), Map.of("y", y.rows(0, prefix)));
            for (int row = prefix; row < x.shape()[0]; row++) {
                state.run(Map.of("x", x.rows(row, 1)), Map.of("y", y.rows(row, 1)));
            }
        }
    }

    private static OnnxEngine engine(Precision precision) {
        return OnnxEngine.create(new EngineOptions(Device.CPU, precision, 2));
    }

    private static HostTensor random(int rows, int width) {
        HostTensor tensor = HostTensor.allocate(ElementType.FLOAT32, rows, width);
        Random random = new Random(31L * rows + width);
        for (int i = 0; i < rows * width; i++) {
            tensor.floats().put(i, (float) random.nextGaussian());
        }
        return tensor;
    }

    private static float[] toFloats(double[] numbers) {
        float[] floats = new float[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            floats[i] = (float) numbers[i];
        }
        return floats;
    }
}
