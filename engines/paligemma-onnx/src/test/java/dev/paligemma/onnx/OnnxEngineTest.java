package dev.paligemma.onnx;

import static dev.paligemma.engine.contract.Tensors.assertClose;
import static dev.paligemma.engine.contract.Tensors.fill;
import static dev.paligemma.engine.contract.Tensors.unwritten;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.contract.CachedCase;
import dev.paligemma.engine.contract.GoldenWeights;
import dev.paligemma.engine.contract.OperationGoldens;
import dev.paligemma.engine.contract.OperationGoldens.Storage;
import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.Engines;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is particular to this engine; what all engines must do is in the contract tests. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OnnxEngineTest {
    private static final EngineOptions OPTIONS = new EngineOptions(Device.CPU, Precision.FLOAT32, 1);
    private static final Weight TABLE = Weight.of("language_model.embed_tokens.weight", 1040, 64);

    private OperationGoldens goldens;

    @BeforeAll
    void open(@TempDir Path folder) {
        goldens = new OperationGoldens(folder);
    }

    @Test
    void isFoundByName() {
        assertThat(Engines.names()).contains("onnx");
        assertThat(Engines.create("onnx", OPTIONS).options()).isEqualTo(OPTIONS);
    }

    @Test
    void refusesDevicesItCannotUse() {
        EngineOptions options = new EngineOptions(Device.cuda(1), Precision.FLOAT32, 1);

        assertThatThrownBy(() -> Engines.create("onnx", options))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("onnx")
                .hasMessageContaining("CPU")
                .hasMessageContaining("cuda:1");
    }

    @Test
    void refusesPrecisionsItDoesNotHave() {
        EngineOptions options = new EngineOptions(Device.CPU, Precision.BFLOAT16, 1);

        assertThatThrownBy(() -> Engines.create("onnx", options))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("onnx")
                .hasMessageContaining("float32")
                .hasMessageContaining("bfloat16");
    }

    /** Blocks of the scores in the prefix: one row at a time, sizes that do not divide the rows, and more than all. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 9, 13, 20, 27, 28, 41, 1000})
    void blocksOfThePrefixChangeNothing(int scoreRows) {
        for (String name :
                List.of("one_kv_head", "own_kv_heads", "shared_kv_heads", "softcap", "prefix_of_one", "large_scores")) {
            CachedCase test = CachedCase.named(name);
            HostTensor expected = goldens.tensor(test.golden() + ".y");
            HostTensor inOne = run(OnnxEngine.create(OPTIONS), test);
            HostTensor inBlocks = run(OnnxEngine.create(OPTIONS, scoreRows), test);

            assertClose(name + " in one block", inOne, expected, 1e-5);
            assertClose(name + " in blocks", inBlocks, expected, 1e-5);
            assertClose(name + ", blocks against one", inBlocks, inOne, 1e-6);
        }
    }

    private HostTensor run(OnnxEngine engine, CachedCase test) {
        HostTensor y = unwritten(goldens.tensor(test.golden() + ".y").shape());
        try (Program program = engine.compile(test.graph(), goldens.weights());
                DecodingState state = program.newState(3)) {
            test.run(goldens, state, y);
        }
        return y;
    }

    /** Safetensors files need not align anything: a header of another length moves all tensors to odd addresses. */
    @ParameterizedTest
    @EnumSource
    void readsWeightsAtOddOffsets(Storage storage, @TempDir Path moved) throws IOException {
        Path original = goldens.weights(storage).folder();
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(original.resolve("model.safetensors")))
                .order(ByteOrder.LITTLE_ENDIAN);
        int header = Math.toIntExact(in.getLong());
        ByteBuffer out = ByteBuffer.allocate(in.capacity() + 1).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(header + 1);
        out.put(in.slice(Long.BYTES, header)).put((byte) ' ').put(in.position(Long.BYTES + header));
        Files.write(moved.resolve("model.safetensors"), out.array());
        GraphBuilder g = new GraphBuilder("odd");
        g.output("embedded", g.embedding(g.input("ids", ElementType.INT64, Shape.of("tokens")), TABLE));
        g.output(
                "logits",
                g.linear(g.input("x", ElementType.FLOAT32, Shape.of("rows", 64)), new LinearWeights(TABLE, null)));
        HostTensor embedded = unwritten(3, 64);
        HostTensor logits = unwritten(2, 1040);

        try (GoldenWeights weights = new GoldenWeights(moved.resolve("model.safetensors"))) {
            assertThat(weights.tensor(TABLE.name()).offset()).isOdd();
            try (Program program = OnnxEngine.create(OPTIONS).compile(g.build(), weights)) {
                program.run(
                        Map.of("ids", goldens.tensor("embedding_large.ids"), "x", goldens.tensor("linear_large.x")),
                        Map.of("embedded", embedded, "logits", logits));
            }
        }

        assertClose("embedded", embedded, goldens.tensor("embedding_large.y." + storage), 0);
        assertClose("logits", logits, goldens.tensor("linear_large.y." + storage), 3e-6);
    }

    /** The weights are needed only while the program is made. */
    @Test
    void runsAfterTheWeightsAreClosed(@TempDir Path folder) {
        OperationGoldens own = new OperationGoldens(folder);
        GoldenWeights weights = own.weights(Storage.BFLOAT16);
        GraphBuilder g = new GraphBuilder("lasting");
        g.output("y", g.embedding(g.input("ids", ElementType.INT64, Shape.of("tokens")), TABLE));
        HostTensor y = unwritten(3, 64);

        try (Program program = OnnxEngine.create(OPTIONS).compile(g.build(), weights)) {
            weights.close();
            program.run(Map.of("ids", own.tensor("embedding_large.ids")), Map.of("y", y));
        }

        assertClose("y", y, own.tensor("embedding_large.y.bfloat16"), 0);
    }

    @Test
    void refusesAttentionThatItDoesNotHave() {
        AttentionSpec capped = new AttentionSpec(2, 2, 4, 0.5f, 30, 2, null, 0);
        AttentionSpec shared = new AttentionSpec(2, 1, 4, 0.5f, 0, 2, null, 0);

        for (AttentionSpec spec : List.of(capped, shared)) {
            Graph graph = new CachedCase("uncached", spec, 1).graph();
            assertThatThrownBy(() -> OnnxEngine.create(OPTIONS).compile(graph, goldens.weights()))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("only over one sequence")
                    .hasMessageContaining(spec.toString());
        }
    }

    /** The cache keeps one window for all layers; a second one must not be ignored. */
    @Test
    void refusesTwoWindowsInOneGraph() {
        GraphBuilder g = new GraphBuilder("windows");
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", 4));
        Tensor y = g.attention(x, x, x, new AttentionSpec(1, 1, 4, 1, 0, 0, "first", 3));
        g.output("y", g.attention(y, y, y, new AttentionSpec(1, 1, 4, 1, 0, 0, "second", 5)));

        assertThatThrownBy(() -> OnnxEngine.create(OPTIONS).compile(g.build(), goldens.weights()))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("window")
                .hasMessageContaining("3")
                .hasMessageContaining("5");
    }

    /** Sizes that only the runtime can check are its error, and the program goes on. */
    @Test
    void reportsWhatOnlyTheRuntimeNotices() {
        GraphBuilder g = new GraphBuilder("joined");
        Tensor a = g.input("a", ElementType.FLOAT32, Shape.of("first", 2));
        Tensor b = g.input("b", ElementType.FLOAT32, Shape.of("second", 2));
        g.output("y", g.concatRows(a, b, Dim.symbol("both")));
        HostTensor x = fill(HostTensor.allocate(ElementType.FLOAT32, 2, 2), 4);

        try (Program program = OnnxEngine.create(OPTIONS).compile(g.build(), goldens.weights())) {
            assertThatThrownBy(() -> program.run(Map.of("a", x, "b", x), Map.of("y", unwritten(5, 2))))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("graph joined")
                    .hasCauseInstanceOf(ai.onnxruntime.OrtException.class);
            HostTensor y = unwritten(4, 2);
            program.run(Map.of("a", x, "b", x), Map.of("y", y));
            assertThat(y.floats().get(7)).isEqualTo(4);
        }
    }

    @Test
    void reportsIndicesOutsideTheTable() {
        GraphBuilder g = new GraphBuilder("lookup");
        g.output("y", g.embedding(g.input("ids", ElementType.INT64, Shape.of("tokens")), TABLE));

        try (Program program = OnnxEngine.create(OPTIONS).compile(g.build(), goldens.weights())) {
            assertThatThrownBy(
                            () -> program.run(Map.of("ids", HostTensor.ofLongs(1040)), Map.of("y", unwritten(1, 64))))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("graph lookup");
        }
    }

    /** Going on with half-built caches would end the JVM, so the state refuses. */
    @Test
    void stateThatFailedRefusesToGoOn() {
        CachedCase test = CachedCase.named("one_kv_head");
        Map<String, HostTensor> inputs = test.inputs(goldens);

        try (Program program = OnnxEngine.create(OPTIONS).compile(test.graph(), goldens.weights());
                DecodingState state = program.newState(Integer.MAX_VALUE)) {
            assertThatThrownBy(() -> state.run(CachedCase.rows(inputs, 0, 7), Map.of("y", unwritten(7, 32))))
                    .isInstanceOf(RuntimeException.class);
            assertThatThrownBy(() -> state.run(CachedCase.rows(inputs, 7, 1), Map.of("y", unwritten(1, 32))))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("failed");
        }
    }
}
