package dev.paligemma.reference;

import static dev.paligemma.engine.contract.Tensors.assertClose;
import static dev.paligemma.engine.contract.Tensors.fill;
import static dev.paligemma.engine.contract.Tensors.floats;
import static dev.paligemma.engine.contract.Tensors.unwritten;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

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
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.Engines;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is particular to this engine; the contracts test what all have in common. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReferenceEngineTest {
    private static final EngineOptions OPTIONS = new EngineOptions(Device.CPU, Precision.FLOAT32, 2);
    private static final Weight TABLE = Weight.of("language_model.embed_tokens.weight", 1040, 64);

    private final ReferenceEngine engine = new ReferenceEngine(OPTIONS);
    private OperationGoldens goldens;

    @BeforeAll
    void open(@TempDir Path folder) {
        goldens = new OperationGoldens(folder);
    }

    @Test
    void saysWhatItComputesInWhereItRefuses() {
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> Engines.create("reference", new EngineOptions(Device.CPU, Precision.INT8, 1)))
                .withMessageContainingAll("'reference'", "float32", "int8");
        assertThatExceptionOfType(EngineException.class)
                .isThrownBy(() -> Engines.create("reference", new EngineOptions(Device.cuda(1), Precision.FLOAT32, 1)))
                .withMessageContainingAll("'reference'", "CPU", "cuda:1");
    }

    @Test
    void runsAfterTheWeightsAreClosed(@TempDir Path folder) {
        OperationGoldens own = new OperationGoldens(folder);
        GoldenWeights weights = own.weights(Storage.BFLOAT16);
        HostTensor y = unwritten(3, 64);

        try (Program program = engine.compile(lookup().build(), weights)) {
            weights.close();
            program.run(Map.of("ids", own.tensor("embedding_large.ids")), Map.of("y", y));
        }

        assertClose("y", y, own.tensor("embedding_large.y.bfloat16"), 0);
    }

    @Test
    void reportsIndicesOutsideTheTableAndGoesOn() {
        try (Program program = engine.compile(lookup().build(), goldens.weights())) {
            for (long id : new long[] {-1, 1040, 1L << 32}) {
                assertThatExceptionOfType(EngineException.class)
                        .isThrownBy(
                                () -> program.run(Map.of("ids", HostTensor.ofLongs(id)), Map.of("y", unwritten(1, 64))))
                        .withMessageContainingAll("graph lookup", "embedding", Long.toString(id), "1040");
            }
            program.run(Map.of("ids", HostTensor.ofLongs(1039)), Map.of("y", unwritten(1, 64)));
        }
    }

    /** Sizes that only a run knows. */
    @Test
    void reportsResultsOfOtherSizesThanTheOutput() {
        GraphBuilder g = new GraphBuilder("joined");
        Tensor a = g.input("a", ElementType.FLOAT32, Shape.of("first", 2));
        Tensor b = g.input("b", ElementType.FLOAT32, Shape.of("second", 2));
        g.output("y", g.concatRows(a, b, Dim.symbol("both")));
        HostTensor x = fill(HostTensor.allocate(ElementType.FLOAT32, 2, 2), 4);

        try (Program program = engine.compile(g.build(), goldens.weights())) {
            assertThatExceptionOfType(EngineException.class)
                    .isThrownBy(() -> program.run(Map.of("a", x, "b", x), Map.of("y", unwritten(5, 2))))
                    .withMessageContainingAll("graph joined", "both=5", "[4, 2]");
            HostTensor y = unwritten(4, 2);
            program.run(Map.of("a", x, "b", x), Map.of("y", y));
            assertThat(floats(y)).containsOnly(4);
        }
    }

    @Test
    void reportsElementsThatDoNotFillAShape() {
        GraphBuilder g = new GraphBuilder("shaped");
        g.output("y", g.reshape(g.input("x", ElementType.FLOAT32, Shape.of("rows", 3)), Shape.of("pairs", 2)));

        try (Program program = engine.compile(g.build(), goldens.weights())) {
            assertThatExceptionOfType(EngineException.class)
                    .isThrownBy(() -> program.run(Map.of("x", unwritten(3, 3)), Map.of("y", unwritten(4, 2))))
                    .withMessageContainingAll("graph shaped", "reshape", "9 elements", "2");
        }
    }

    @Test
    void reportsRowsThatAreNoWholeSequences() {
        GraphBuilder g = new GraphBuilder("images");
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", 4));
        g.output("y", g.attention(x, x, x, AttentionSpec.withinSequences(1, 4, 1, 3)));

        try (Program program = engine.compile(g.build(), goldens.weights())) {
            assertThatExceptionOfType(EngineException.class)
                    .isThrownBy(() -> program.run(Map.of("x", unwritten(5, 4)), Map.of("y", unwritten(5, 4))))
                    .withMessageContainingAll("graph images", "attention");
        }
    }

    /** Other engines refuse a soft-cap and shared heads without a cache; no network has them. */
    @ParameterizedTest
    @MethodSource("dev.paligemma.engine.contract.CachedCase#all")
    void attentionWithoutACacheIsThatOfAPrefix(CachedCase test) {
        AttentionSpec spec = test.spec();
        AttentionSpec uncached = new AttentionSpec(
                spec.heads(), spec.kvHeads(), spec.headDim(), spec.scale(), spec.softcap(), test.prefix(), null, 0);
        HostTensor expected = goldens.tensor(test.golden() + ".y").rows(0, test.prefix());
        HostTensor y = unwritten(expected.shape());

        try (Program program =
                engine.compile(new CachedCase(test.name(), uncached, test.prefix()).graph(), goldens.weights())) {
            program.run(CachedCase.rows(test.inputs(goldens), 0, test.prefix()), Map.of("y", y));
        }

        assertClose("y", y, expected, 1e-6);
    }

    private static GraphBuilder lookup() {
        GraphBuilder g = new GraphBuilder("lookup");
        g.output("y", g.embedding(g.input("ids", ElementType.INT64, Shape.of("tokens")), TABLE));
        return g;
    }
}
