package dev.paligemma.onnx;

import static dev.paligemma.engine.contract.Tensors.floats;
import static dev.paligemma.engine.contract.Tensors.unwritten;
import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How far products of 8 and 4 bits are from the product of the original weights, on activations as transformers have
 * them: a few channels a hundred times as large as the others, and one token forty times as large. Widths are those of
 * Gemma 2B and SigLIP So400m.
 *
 * <p>Beside them stands a single scale for the activations of all tokens, on exact sums: an engine with such a scale could
 * not pass.
 */
class QuantizationErrorTest {
    private static final int PREFIX = 24;
    private static final int LATER = 8;
    private static final int LARGE_TOKEN = 3;
    private static final int[] LARGE_CHANNELS = {5, 300, 301, 1000};

    @TempDir
    Path temp;

    /** Of the relative errors of all tokens, the one in the middle and the largest. */
    private record Errors(double median, double worst) {
        static Errors of(HostTensor got, HostTensor expected) {
            int rows = (int) expected.shape()[0];
            double[] errors = new double[rows];
            for (int row = 0; row < rows; row++) {
                errors[row] = RelativeError.of(floats(got.rows(row, 1)), floats(expected.rows(row, 1)));
            }
            Arrays.sort(errors);
            return new Errors(errors[rows / 2], errors[rows - 1]);
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%.2f %% / %.2f %%", 100 * median, 100 * worst);
        }
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource({"2048, 2048", "2048, 1024", "1152, 1152"})
    void largeChannelsAndTokensDoNotSpoilTheOthers(int in, int out, TestReporter reporter) {
        Weight weight = Weight.of("language_model.layers.0.self_attn.q_proj.weight", out, in);
        Graph graph = withCache(weight);
        HostTensor x = activations(in);
        Map<String, Errors> table = new LinkedHashMap<>();
        try (Checkpoint original =
                TestCheckpoints.random(temp.resolve("original"), new Sizes(in, 8, out / 2, 1, 2, 1, 4))) {
            HostTensor expected = product(x, TestCheckpoints.floats(original, weight.name()), out);
            for (Precision precision : new Precision[] {Precision.INT8, Precision.INT4}) {
                try (Checkpoint converted = TestCheckpoints.convert(
                        original, precision, temp.resolve(precision.toString()), graph, unused(in, out))) {
                    HostTensor y = run(precision, graph, converted, x, out);
                    table.put(precision + " prefix", Errors.of(y.rows(0, PREFIX), expected.rows(0, PREFIX)));
                    table.put(precision + " later", Errors.of(y.rows(PREFIX, LATER), expected.rows(PREFIX, LATER)));
                    if (precision == Precision.INT8) {
                        float[] codes = TestCheckpoints.dequantized(converted, weight, MatrixFormat.INT8_CHANNELS);
                        HostTensor oneScale = product(withOneScale(x), codes, out);
                        table.put("one scale", Errors.of(oneScale.rows(0, PREFIX), expected.rows(0, PREFIX)));
                    }
                }
            }
        }
        table.forEach((scheme, errors) -> reporter.publishEntry(in + " -> " + out + ", " + scheme, errors.toString()));

        Errors oneScale = table.get("one scale");
        assertThat(table.get("int8 prefix").median()).isLessThan(0.12).isLessThan(oneScale.median() / 2);
        assertThat(table.get("int8 prefix").worst()).isLessThan(0.15).isLessThan(oneScale.worst() / 4);
        assertThat(table.get("int8 later").worst()).isLessThan(0.04);
        // The same 8-bit codes in both converted files, which align all tensors.
        assertThat(table.get("int4 prefix")).isEqualTo(table.get("int8 prefix"));
        assertThat(table.get("int4 later").worst()).isLessThan(0.13);
        assertThat(oneScale.median()).isGreaterThan(0.2);
        assertThat(oneScale.worst()).isGreaterThan(0.4);
    }

    private static HostTensor activations(int width) {
        HostTensor x = HostTensor.allocate(ElementType.FLOAT32, PREFIX + LATER, width);
        Random random = new Random(width);
        for (int row = 0; row < PREFIX + LATER; row++) {
            for (int i = 0; i < width; i++) {
                double value = random.nextGaussian() * (row == LARGE_TOKEN ? 40 : 1);
                x.floats().put(row * width + i, (float) value);
            }
            for (int channel : LARGE_CHANNELS) {
                int at = row * width + channel;
                x.floats().put(at, 100 * x.floats().get(at));
            }
        }
        return x;
    }

    /** Activations in 8 bits with the largest magnitude of all tokens as the end of the scale. */
    private static HostTensor withOneScale(HostTensor x) {
        float[] values = floats(x);
        float largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        float scale = largest / 127;
        HostTensor rounded = HostTensor.allocate(ElementType.FLOAT32, x.shape());
        for (int i = 0; i < values.length; i++) {
            rounded.floats().put(i, scale * (float) Math.rint(values[i] / scale));
        }
        return rounded;
    }

    private static HostTensor product(HostTensor x, float[] matrix, int out) {
        float[] values = floats(x);
        int in = matrix.length / out;
        int rows = values.length / in;
        HostTensor y = HostTensor.allocate(ElementType.FLOAT32, rows, out);
        for (int row = 0; row < rows; row++) {
            for (int o = 0; o < out; o++) {
                double sum = 0;
                for (int i = 0; i < in; i++) {
                    sum += (double) matrix[o * in + i] * values[row * in + i];
                }
                y.floats().put(row * out + o, (float) sum);
            }
        }
        return y;
    }

    private static HostTensor run(Precision precision, Graph graph, Checkpoint converted, HostTensor x, int out) {
        HostTensor y = unwritten(PREFIX + LATER, out);
        try (Program program = OnnxEngine.create(new EngineOptions(Device.CPU, precision, 2))
                        .compile(graph, converted);
                DecodingState state = program.newState(LATER)) {
            state.run(Map.of("x", x.rows(0, PREFIX)), Map.of("y", y.rows(0, PREFIX)));
            for (int row = PREFIX; row < PREFIX + LATER; row++) {
                state.run(Map.of("x", x.rows(row, 1)), Map.of("y", y.rows(row, 1)));
            }
        }
        return y;
    }

    /** A product, and beside it an attention whose cache makes the graph a decoder. */
    private static Graph withCache(Weight weight) {
        GraphBuilder g = new GraphBuilder("decoder");
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", weight.size(1)));
        g.output("y", g.linear(x, new LinearWeights(weight, null)));
        int width = Math.toIntExact(weight.size(1));
        g.output("mixed", g.attention(x, x, x, new AttentionSpec(1, 1, width, 0.1f, 0, 0, "cache", 0)));
        return g.build();
    }

    /** Names the other large matrix, so that it is not copied in single precision. */
    private static Graph unused(int in, int out) {
        GraphBuilder g = new GraphBuilder("unused");
        Weight weight = Weight.of("language_model.layers.0.self_attn.o_proj.weight", in, out);
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", out));
        g.output("y", g.linear(x, new LinearWeights(weight, null)));
        return g.build();
    }
}
