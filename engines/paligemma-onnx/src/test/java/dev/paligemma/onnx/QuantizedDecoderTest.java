package dev.paligemma.onnx;

import static dev.paligemma.engine.contract.Tensors.floats;
import static dev.paligemma.engine.contract.Tensors.unwritten;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.onnx.TestCheckpoints.Sizes;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whole decoders of 8 and 4 bits. The reference is the engine in single precision on a checkpoint that holds the numbers
 * which the codes stand for, so that only activations in 8 bits make a difference.
 */
class QuantizedDecoderTest {
    private static final int PREFIX = 9;

    /** More than one growth of the caches, which start with room for 16 written rows. */
    private static final int STEPS = 44;

    /**
     * The relative error of a row of two blocks. One product adds about 1 %: steps of 1/127 of a largest magnitude of some
     * three deviations, over the square root of 12. Seven follow each other in each block.
     */
    private static final double TYPICAL_ERROR = 0.025;

    private static final double LARGEST_ERROR = 0.06;

    @TempDir
    Path temp;

    @ParameterizedTest(name = "{0}, {1} heads, {2} key/value heads, soft-cap {3}, window {4}, prefix of {5}")
    @CsvSource({
        "INT8, 4, 1, 0, 0, 9",
        "INT8, 4, 2, 5, 7, 9",
        "INT8, 3, 3, 0, 12, 1",
        "INT4, 4, 2, 5, 7, 9",
        "INT4, 2, 1, 0, 0, 1"
    })
    void followsTheEngineInSinglePrecision(
            Precision precision, int heads, int kvHeads, float softcap, int window, int prefix) {
        Sizes sizes = new Sizes(160, 200, heads, kvHeads, 32, 2, 4);
        Graph graph = TestDecoder.record(sizes, softcap, window);
        int[] ids = ids(prefix + STEPS, 1);
        try (Checkpoint original = coarse(sizes);
                Checkpoint converted = TestCheckpoints.convert(original, precision, temp.resolve("made"), graph);
                Checkpoint reference = TestCheckpoints.dequantized(
                        original,
                        converted,
                        temp.resolve("reference"),
                        MatrixFormat.INT4_BLOCKS,
                        MatrixFormat.INT8_CHANNELS,
                        MatrixFormat.INT8_BLOCKS)) {
            Results expected = new Results(sizes, ids.length);
            Results got = new Results(sizes, ids.length);
            try (Program program = engine(Precision.FLOAT32).compile(graph, reference)) {
                expected.run(program, ids, prefix);
            }
            try (Program program = engine(precision).compile(graph, converted)) {
                got.run(program, ids, prefix);
            }

            double sum = 0;
            for (int row = 0; row < ids.length; row++) {
                double error = RelativeError.of(floats(got.hidden.rows(row, 1)), floats(expected.hidden.rows(row, 1)));
                assertThat(error).as("row %d", row).isLessThan(LARGEST_ERROR);
                sum += error;
            }
            assertThat(sum / ids.length).isLessThan(TYPICAL_ERROR);
            for (int row = prefix - 1; row < ids.length; row++) {
                double error = RelativeError.of(floats(got.logits.rows(row, 1)), floats(expected.logits.rows(row, 1)));
                assertThat(error).as("logits after row %d", row).isLessThan(LARGEST_ERROR);
            }
        }
    }

    /**
     * Weights that 4 bits hold exactly and 8 bits nearly so, to 1/250 of the largest: the prefix and later rows of a
     * decoder of 4 bits then mean the same weights, as the reference does.
     */
    private Checkpoint coarse(Sizes sizes) {
        return TestCheckpoints.random(temp.resolve("original"), sizes, TestCheckpoints::toFourBits);
    }

    @Test
    void requestsSideBySideGiveTheSameNumbers() throws InterruptedException, ExecutionException {
        Sizes sizes = new Sizes(160, 200, 4, 2, 32, 2, 4);
        Graph graph = TestDecoder.record(sizes, 5, 7);
        ExecutorService executor = Executors.newFixedThreadPool(4);
        try (Checkpoint original = TestCheckpoints.random(temp.resolve("original"), sizes);
                Checkpoint converted = TestCheckpoints.convert(original, Precision.INT4, temp.resolve("made"), graph);
                Program program = engine(Precision.INT4).compile(graph, converted)) {
            List<Results> alone = new ArrayList<>();
            List<Future<Results>> together = new ArrayList<>();
            for (int request = 0; request < 4; request++) {
                int[] ids = ids(PREFIX + 20 + request, request);
                Results results = new Results(sizes, ids.length);
                results.run(program, ids, PREFIX + request);
                alone.add(results);
            }
            for (int request = 0; request < 4; request++) {
                int[] ids = ids(PREFIX + 20 + request, request);
                int prefix = PREFIX + request;
                together.add(executor.submit(() -> {
                    Results results = new Results(sizes, ids.length);
                    for (int round = 0; round < 5; round++) {
                        results.run(program, ids, prefix);
                    }
                    return results;
                }));
            }
            for (int request = 0; request < 4; request++) {
                Results results = together.get(request).get();
                // One program and the same shapes: ONNX Runtime adds up in the same order, whatever its threads do.
                assertThat(floats(results.hidden)).isEqualTo(floats(alone.get(request).hidden));
                assertThat(floats(results.logits)).isEqualTo(floats(alone.get(request).logits));
            }
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void closesInAnyOrder() {
        Sizes sizes = new Sizes(128, 64, 1, 1, 128, 2, 4);
        Graph graph = TestDecoder.record(sizes, 0, 0);
        try (Checkpoint original = TestCheckpoints.random(temp.resolve("original"), sizes)) {
            Checkpoint converted = TestCheckpoints.convert(original, Precision.INT8, temp.resolve("made"), graph);
            Program program = engine(Precision.INT8).compile(graph, converted);
            DecodingState state = program.newState(1);
            converted.close();
            Results results = new Results(sizes, 4);
            results.run(state, ids(4, 1), 3);
            assertThat(floats(results.hidden)).doesNotContain(Float.NaN);

            program.close();
            program.close();

            assertThatIllegalStateException()
                    .isThrownBy(() -> state.run(
                            Map.of("ids", HostTensor.ofLongs(1), "ends", HostTensor.ofLongs(0)),
                            Map.of("hidden", unwritten(1, 128))))
                    .withMessageContaining("closed");
            assertThatIllegalStateException()
                    .isThrownBy(() -> program.newState(1))
                    .withMessageContaining("closed");
            state.close();
            state.close();
        }
    }

    /**
     * The prefix reads matrices from the file at every run. Only matrices that are never mapped are cut off here: at 4
     * bits, those of 8 bits, which lie at the end.
     */
    @Test
    void fileThatBecameShorterIsAnErrorOfTheEngine() throws IOException {
        Sizes sizes = new Sizes(128, 64, 1, 1, 128, 2, 4);
        Graph graph = TestDecoder.record(sizes, 0, 0);
        try (Checkpoint original = TestCheckpoints.random(temp.resolve("original"), sizes);
                Checkpoint converted = TestCheckpoints.convert(original, Precision.INT4, temp.resolve("made"), graph);
                Program program = engine(Precision.INT4).compile(graph, converted)) {
            TensorInfo streamed =
                    converted.tensor(MatrixFormat.INT8_CHANNELS.codes("language_model.layers.1.mlp.down_proj.weight"));
            long end = converted.tensors().values().stream()
                    .filter(tensor -> !tensor.name().contains(MatrixFormat.INT8_CHANNELS.codes("")))
                    .mapToLong(tensor -> tensor.offset() + tensor.byteLength())
                    .max()
                    .orElseThrow();
            assertThat(streamed.offset()).isGreaterThanOrEqualTo(end);
            try (FileChannel file = FileChannel.open(streamed.file(), StandardOpenOption.WRITE)) {
                file.truncate(streamed.offset() + 100);
            }

            for (int attempt = 0; attempt < 2; attempt++) {
                try (DecodingState state = program.newState(1)) {
                    assertThatThrownBy(() -> state.run(
                                    Map.of("ids", HostTensor.ofLongs(1, 2), "ends", HostTensor.ofLongs(1)),
                                    Map.of("hidden", unwritten(2, 128))))
                            .isInstanceOf(EngineException.class)
                            .hasMessageContaining("model.safetensors")
                            .hasMessageContaining("shorter");
                }
            }
        }
    }

    @Test
    void weightsOfAnotherPrecisionAreRefused() {
        Sizes sizes = new Sizes(16, 8, 1, 1, 4, 1, 4);
        Graph graph = TestDecoder.record(sizes, 0, 0);
        try (Checkpoint original = TestCheckpoints.random(temp.resolve("original"), sizes);
                Checkpoint converted = TestCheckpoints.convert(original, Precision.INT8, temp.resolve("made"), graph)) {
            for (Precision precision : List.of(Precision.INT4, Precision.FLOAT32)) {
                assertThatThrownBy(() -> engine(precision).compile(graph, converted))
                        .isInstanceOf(EngineException.class)
                        .hasMessageContainingAll(converted.folder().toString(), "int8", precision.toString());
            }
            assertThatThrownBy(() -> engine(Precision.INT8).compile(graph, original))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContainingAll(original.folder().toString(), "int8", "float32");
        }
    }

    /** What a decoder gave for every row. */
    private static final class Results {
        private final HostTensor hidden;
        private final HostTensor logits;

        Results(Sizes sizes, int rows) {
            hidden = unwritten(rows, sizes.hidden());
            logits = unwritten(rows, Sizes.VOCABULARY);
        }

        void run(Program program, int[] ids, int prefix) {
            try (DecodingState state = program.newState(1)) {
                run(state, ids, prefix);
            }
        }

        void run(DecodingState state, int[] ids, int prefix) {
            HostTensor all = HostTensor.allocate(ElementType.INT64, ids.length);
            for (int row = 0; row < ids.length; row++) {
                all.longs().put(row, ids[row]);
            }
            state.run(
                    Map.of("ids", all.rows(0, prefix), "ends", HostTensor.ofLongs(prefix - 1)),
                    Map.of("hidden", hidden.rows(0, prefix), "logits", logits.rows(prefix - 1, 1)));
            for (int row = prefix; row < ids.length; row++) {
                state.run(
                        Map.of("ids", all.rows(row, 1), "ends", HostTensor.ofLongs(0)),
                        Map.of("hidden", hidden.rows(row, 1), "logits", logits.rows(row, 1)));
            }
        }
    }

    private static int[] ids(int count, int seed) {
        return new Random(seed).ints(count, 0, Sizes.VOCABULARY).toArray();
    }

    private static OnnxEngine engine(Precision precision) {
        return OnnxEngine.create(new EngineOptions(Device.CPU, precision, 2));
    }
}
