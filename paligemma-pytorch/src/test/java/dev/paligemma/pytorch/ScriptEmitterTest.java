package dev.paligemma.pytorch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.contract.CachedCase;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import org.junit.jupiter.api.Test;

class ScriptEmitterTest {
    private static final ScriptEmitter.Settings SETTINGS = new ScriptEmitter.Settings(1 << 20, 100);
    private static final Weight TABLE = Weight.of("table", 10, 4);

    @Test
    void writesOneStatementForEachOperationWithItsName() {
        Script script = ScriptEmitter.emit(block(), SETTINGS);

        assertThat(script.text())
                .contains(
                        "    x0 = inputs[0]  # -- x\n",
                        "    x1 = torch.linear(x0, weights[0], weights[1])  # -- block.linear\n",
                        "    x2 = torch.gelu(x1, approximate=\"tanh\")  # -- block.gelu\n",
                        "    x3 = torch.mul(x2, 0.10000000149011612)  # -- block.scale\n",
                        "    _0 = (self).give(outputs, wanted, 0, x3, )\n");
        assertThat(script.weights())
                .containsExactly(new Operand(TABLE, 0, 0, 10), new Operand(Weight.of("bias", 10), 0, 0, 10));
    }

    @Test
    void graphWithoutCachesHasOneMethod() {
        assertThat(ScriptEmitter.emit(block(), SETTINGS).text())
                .contains("def forward(")
                .doesNotContain("def prefix(", "def next(", "caches");
    }

    @Test
    void graphWithCachesHasAMethodForEachKindOfRun() {
        String text = ScriptEmitter.emit(CachedCase.named("window_and_softcap").graph(), SETTINGS)
                .text();

        assertThat(text)
                .contains(
                        "def prefix(",
                        "def next(",
                        "def next_of_unequal(",
                        "hidden5 = (self).hide(lengths, visible, 5, )",
                        "return [torch.zeros([sequences, 2, capacity, 4], dtype=6),")
                .doesNotContain("def forward(");
    }

    @Test
    void sameGraphGivesTheSameText() {
        assertThat(ScriptEmitter.emit(block(), SETTINGS)).isEqualTo(ScriptEmitter.emit(block(), SETTINGS));
    }

    @Test
    void weightUsedTwiceIsTakenOnce() {
        GraphBuilder g = new GraphBuilder("tied");
        Tensor ids = g.input("ids", ElementType.INT64, Shape.of("rows"));
        g.output("y", g.linear(g.embedding(ids, TABLE), new LinearWeights(TABLE, null)));

        assertThat(ScriptEmitter.emit(g.build(), SETTINGS).weights()).hasSize(1);
    }

    @Test
    void largeMatrixIsTakenInPieces() {
        GraphBuilder g = new GraphBuilder("pieces");
        Tensor ids = g.input("ids", ElementType.INT64, Shape.of("rows"));
        g.output("y", g.embedding(ids, TABLE));

        Script script = ScriptEmitter.emit(g.build(), new ScriptEmitter.Settings(4 * 4 * Float.BYTES, 100));

        assertThat(script.weights())
                .containsExactly(new Operand(TABLE, 0, 0, 4), new Operand(TABLE, 0, 4, 4), new Operand(TABLE, 0, 8, 2));
    }

    /** Names come from the one who records the graph, and torch compiles what stands on a line of its own. */
    @Test
    void namesCannotLeaveTheirComment() {
        GraphBuilder g = new GraphBuilder("names");
        Tensor x = g.input("x\n    evil()\r\u2028", ElementType.FLOAT32, Shape.of("rows", 4));
        g.output("y", g.scope("type: (int) -> int", () -> g.gelu(x)));

        assertThat(ScriptEmitter.emit(g.build(), SETTINGS).text())
                .contains("x0 = inputs[0]  # -- x?    evil()??\n", "# -- type: (int) -> int.gelu\n");
    }

    private static Graph block() {
        GraphBuilder g = new GraphBuilder("block");
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", 4));
        g.output(
                "y",
                g.scope(
                        "block",
                        () -> g.scale(g.gelu(g.linear(x, new LinearWeights(TABLE, Weight.of("bias", 10)))), 0.1f)));
        return g.build();
    }
}
