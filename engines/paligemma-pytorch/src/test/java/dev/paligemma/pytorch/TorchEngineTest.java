package dev.paligemma.pytorch;

import static dev.paligemma.engine.contract.Tensors.assertClose;
import static dev.paligemma.engine.contract.Tensors.fill;
import static dev.paligemma.engine.contract.Tensors.floats;
import static dev.paligemma.engine.contract.Tensors.unwritten;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.contract.CachedCase;
import dev.paligemma.engine.contract.OperationGoldens;
import dev.paligemma.engine.contract.OperationGoldens.Storage;
import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.Engines;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is particular to this engine; what all engines must do is in the contract tests. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TorchEngineTest {
    private static final EngineOptions OPTIONS = new EngineOptions(Device.CPU, Precision.FLOAT32, 1);
    private static final Target SINGLE = Target.of(OPTIONS);
    private static final Target COPIED = Target.single(new TorchDevice("cpu", true));
    private static final Weight TABLE = Weight.of("language_model.embed_tokens.weight", 1040, 64);
    private static final Weight POSITIONS = Weight.of("vision_tower.embeddings.position_embedding.weight", 4, 12);

    private OperationGoldens goldens;

    @BeforeAll
    void open(@TempDir Path folder) {
        goldens = new OperationGoldens(folder);
    }

    @Test
    void isFoundByName() {
        assertThat(Engines.names()).contains("pytorch");
        assertThat(Engines.create("pytorch", OPTIONS).options()).isEqualTo(OPTIONS);
    }

    /** The library on the class path of the tests has no CUDA. */
    @Test
    void saysWhatAGpuNeeds() {
        EngineOptions options = new EngineOptions(Device.cuda(1), Precision.FLOAT32, 1);

        assertThatThrownBy(() -> Engines.create("pytorch", options))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("device cuda:1 cannot be used");
    }

    @ParameterizedTest
    @EnumSource(names = {"INT8", "INT4"})
    void refusesPrecisionsItDoesNotHave(Precision precision) {
        EngineOptions options = new EngineOptions(Device.CPU, precision, 1);

        assertThatThrownBy(() -> Engines.create("pytorch", options))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("float32")
                .hasMessageContaining(precision.toString());
    }

    /** The JVM's limit on direct buffers does not hold for torch, and the network is not asked. */
    @Test
    void staysOffline() {
        Engines.create("pytorch", OPTIONS);

        assertThat(System.getProperty("ai.djl.offline")).isEqualTo("true");
        assertThat(System.getProperty("OPT_OUT_TRACKING") != null || System.getenv("OPT_OUT_TRACKING") != null)
                .isTrue();
    }

    /** With that setting outputs would stay unwritten, without an error. */
    @Test
    @ResourceLock(Resources.SYSTEM_PROPERTIES)
    void refusesASettingThatCopiesTensors() {
        System.setProperty("ai.djl.pytorch.use_mkldnn", "true");
        try {
            assertThatThrownBy(() -> Engines.create("pytorch", OPTIONS))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("ai.djl.pytorch.use_mkldnn");
        } finally {
            System.clearProperty("ai.djl.pytorch.use_mkldnn");
        }
    }

    // Matrices of more than 2 GiB, made small

    @ParameterizedTest
    @ValueSource(ints = {100, 400, 519, 520, 1039})
    void matrixInPiecesGivesTheSame(int rows) {
        ScriptEmitter.Settings settings = new ScriptEmitter.Settings(SINGLE, rows * 64L * Float.BYTES, 100);
        GraphBuilder g = new GraphBuilder("pieces");
        g.output("embedded", g.embedding(g.input("ids", ElementType.INT64, Shape.of("tokens")), TABLE));
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", 64));
        g.output("logits", g.linear(x, new LinearWeights(TABLE, null)));
        HostTensor embedded = unwritten(1040, 64);
        HostTensor expected = unwritten(1040, 64);
        HostTensor logits = unwritten(2, 1040);
        HostTensor ids = HostTensor.allocate(ElementType.INT64, 1040);
        for (int i = 0; i < 1040; i++) {
            ids.longs().put(i, i);
        }
        goldens.weights(Storage.BFLOAT16)
                .readFloats(goldens.weights(Storage.BFLOAT16).tensor(TABLE.name()), 0, expected.floats());

        try (Program program =
                TorchEngine.create(OPTIONS, settings).compile(g.build(), goldens.weights(Storage.BFLOAT16))) {
            program.run(
                    Map.of("ids", ids, "x", goldens.tensor("linear_large.x")),
                    Map.of("embedded", embedded, "logits", logits));
        }

        assertClose("embedded", embedded, expected, 0);
        assertClose("logits", logits, goldens.tensor("linear_large.y." + Storage.BFLOAT16), 3e-6);
    }

    /** Ids are clamped to pieces; those that belong to none must not be taken for another's. */
    @ParameterizedTest
    @ValueSource(longs = {-1, 1040, Long.MIN_VALUE, Long.MAX_VALUE})
    void refusesIdsThatTheTableLacks(long id) {
        for (ScriptEmitter.Settings settings : List.of(
                new ScriptEmitter.Settings(SINGLE, 1 << 30, 100),
                new ScriptEmitter.Settings(SINGLE, 400 * 64 * Float.BYTES, 100),
                new ScriptEmitter.Settings(COPIED, 1 << 30, 100))) {
            GraphBuilder g = new GraphBuilder("ids");
            g.output("y", g.embedding(g.input("ids", ElementType.INT64, Shape.of("tokens")), TABLE));
            HostTensor y = unwritten(2, 64);

            try (Program program = TorchEngine.create(OPTIONS, settings).compile(g.build(), goldens.weights())) {
                assertThatThrownBy(() -> program.run(Map.of("ids", HostTensor.ofLongs(0, id)), Map.of("y", y)))
                        .isInstanceOf(EngineException.class)
                        .hasMessageContaining("graph ids");
                program.run(Map.of("ids", HostTensor.ofLongs(0, 1039)), Map.of("y", y));
            }
            assertThat(floats(y)).doesNotContain(Float.NaN);
        }
    }

    /** On a GPU such a row would end everything that runs there; so it is found before. */
    @ParameterizedTest
    @ValueSource(longs = {-1, 3, Long.MIN_VALUE, Long.MAX_VALUE})
    void refusesRowsThatAreNotThereBeforeTheyAreCopied(long row) {
        GraphBuilder g = new GraphBuilder("rows");
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", 4));
        g.output("y", g.gatherRows(x, g.input("index", ElementType.INT64, Shape.of("picked"))));

        try (Program program = TorchEngine.create(OPTIONS, new ScriptEmitter.Settings(COPIED, 1 << 30, 100))
                .compile(g.build(), goldens.weights())) {
            assertThatThrownBy(() -> program.run(
                            Map.of("x", zeros(3, 4), "index", HostTensor.ofLongs(0, row)), Map.of("y", zeros(2, 4))))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("index out of range");
            program.run(Map.of("x", zeros(3, 4), "index", HostTensor.ofLongs(2)), Map.of("y", zeros(1, 4)));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 3, Long.MAX_VALUE})
    void refusesRowsThatAreNotThere(long row) {
        GraphBuilder g = new GraphBuilder("rows");
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", 4));
        g.output("y", g.gatherRows(x, g.input("index", ElementType.INT64, Shape.of("picked"))));

        try (Program program = TorchEngine.create(OPTIONS).compile(g.build(), goldens.weights())) {
            assertThatThrownBy(() -> program.run(
                            Map.of("x", zeros(3, 4), "index", HostTensor.ofLongs(row)), Map.of("y", zeros(1, 4))))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("gather");
        }
    }

    /** Copying a row into a tensor of three would fill all of them. */
    @Test
    void refusesOutputWhoseSizeOnlyTheResultTells() {
        GraphBuilder g = new GraphBuilder("sizes");
        Tensor text = g.embedding(g.input("ids", ElementType.INT64, Shape.of("tokens")), POSITIONS);
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", 12));
        g.output("y", g.concatRows(x, text, Dim.symbol("all")));

        try (Program program = TorchEngine.create(OPTIONS).compile(g.build(), goldens.weights())) {
            Map<String, HostTensor> inputs = Map.of("ids", HostTensor.ofLongs(1), "x", zeros(0, 12));
            assertThatThrownBy(() -> program.run(inputs, Map.of("y", zeros(3, 12))))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("other sizes");
            program.run(inputs, Map.of("y", zeros(1, 12)));
        }
    }

    /** Blocks of the scores in the prefix: one row at a time, sizes that do not divide the rows, and more than all. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8, 13, 27, 28, 41, 1000})
    void blocksOfThePrefixChangeNothing(int scoreRows) {
        for (String name : List.of("softcap", "softcap_one_kv_head", "window_and_softcap")) {
            CachedCase test = CachedCase.named(name);
            HostTensor y = unwritten(goldens.tensor(test.golden() + ".y").shape());
            ScriptEmitter.Settings settings = new ScriptEmitter.Settings(SINGLE, 1 << 30, scoreRows);
            try (Program program = TorchEngine.create(OPTIONS, settings).compile(test.graph(), goldens.weights());
                    DecodingState state = program.newState(3)) {
                test.run(goldens, state, y);
            }
            assertClose(name, y, goldens.tensor(test.golden() + ".y"), 1e-5);
        }
    }

    /** Weights that a script holds in bfloat16 must be the stored ones, rounded once, however they are stored. */
    @ParameterizedTest
    @EnumSource
    void weightsInBfloat16AreTheStoredOnesRounded(Storage storage) {
        GraphBuilder g = new GraphBuilder("rounded");
        g.output("y", g.embedding(g.input("ids", ElementType.INT64, Shape.of("tokens")), TABLE));
        HostTensor ids = HostTensor.allocate(ElementType.INT64, 1040);
        HostTensor expected = unwritten(1040, 64);
        for (int i = 0; i < 1040; i++) {
            ids.longs().put(i, i);
        }
        goldens.weights(storage).readFloats(goldens.weights(storage).tensor(TABLE.name()), 0, expected.floats());
        for (int i = 0; i < expected.floats().capacity(); i++) {
            int bits = Float.floatToRawIntBits(expected.floats().get(i));
            int rounded = (bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff0000;
            expected.floats().put(i, Float.intBitsToFloat(rounded));
        }
        HostTensor y = unwritten(1040, 64);

        try (Program program = Engines.create("pytorch", new EngineOptions(Device.CPU, Precision.BFLOAT16, 1))
                .compile(g.build(), goldens.weights(storage))) {
            program.run(Map.of("ids", ids), Map.of("y", y));
        }

        assertClose("rows", y, expected, 0);
    }

    @Test
    void failedRunLeavesAStateThatCanOnlyBeClosed() {
        GraphBuilder g = new GraphBuilder("failing");
        CachedCase test = CachedCase.named("one_kv_head");
        Tensor q = g.input("q", ElementType.FLOAT32, Shape.of("rows", 32));
        Tensor k = g.input("k", ElementType.FLOAT32, Shape.of("rows", 8));
        Tensor v = g.input("v", ElementType.FLOAT32, Shape.of("rows", 8));
        Tensor mixed = g.attention(q, k, v, test.spec());
        g.output("y", g.gatherRows(mixed, g.input("ends", ElementType.INT64, Shape.of("sequences"))));

        try (Program program = TorchEngine.create(OPTIONS).compile(g.build(), goldens.weights());
                DecodingState state = program.newState(0)) {
            assertThatThrownBy(() -> state.run(prefix(9), Map.of("y", zeros(1, 32))))
                    .isInstanceOf(EngineException.class);
            assertThatIllegalStateException()
                    .isThrownBy(() -> state.run(prefix(0), Map.of("y", zeros(1, 32))))
                    .withMessageContaining("earlier run");
        }
    }

    private static Map<String, HostTensor> prefix(long end) {
        return Map.of(
                "q", fill(zeros(3, 32), 1),
                "k", fill(zeros(3, 8), 1),
                "v", fill(zeros(3, 8), 1),
                "ends", HostTensor.ofLongs(end));
    }

    private static HostTensor zeros(long... shape) {
        return HostTensor.allocate(ElementType.FLOAT32, shape);
    }
}
