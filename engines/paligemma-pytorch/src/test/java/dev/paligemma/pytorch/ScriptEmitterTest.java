package dev.paligemma.pytorch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
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
    private static final TorchDevice CPU = TorchDevice.of(Device.CPU);
    private static final ScriptEmitter.Settings SETTINGS = settings(Target.single(CPU), 1 << 20);
    private static final Weight TABLE = Weight.of("table", 10, 4);

    @Test
    void writesOneStatementForEachOperationWithItsName() {
        Script script = ScriptEmitter.emit(block(), SETTINGS);

        assertThat(script.text())
                .contains(
                        "    x0 = (self).bring(inputs[0], )  # -- x\n",
                        "    x1 = torch.linear(x0, weights[0], weights[1])  # -- block.linear\n",
                        "    x2 = torch.gelu(x1, approximate=\"tanh\")  # -- block.gelu\n",
                        "    x3 = torch.mul(x2, 0.10000000149011612)  # -- block.scale\n",
                        "    _0 = (self).give(outputs, wanted, 0, x3, )\n");
        assertThat(script.weights()).containsExactly(single(TABLE, 0, 10), single(Weight.of("bias", 10), 0, 10));
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
                        "hidden5 = (self).hide(places, visible, 5, )",
                        "return [(self).blank(sequences, 2, capacity, 4, ),")
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

        Script script = ScriptEmitter.emit(g.build(), settings(Target.single(CPU), 4 * 4 * Float.BYTES));

        assertThat(script.weights()).containsExactly(single(TABLE, 0, 4), single(TABLE, 4, 4), single(TABLE, 8, 2));
    }

    /** Names come from the one who records the graph, and torch compiles what stands on a line of its own. */
    @Test
    void namesCannotLeaveTheirComment() {
        GraphBuilder g = new GraphBuilder("names");
        Tensor x = g.input("x\n    evil()\r\u2028", ElementType.FLOAT32, Shape.of("rows", 4));
        g.output("y", g.scope("type: (int) -> int", () -> g.gelu(x)));

        assertThat(ScriptEmitter.emit(g.build(), SETTINGS).text())
                .contains("x0 = (self).bring(inputs[0], )  # -- x?    evil()??\n", "# -- type: (int) -> int.gelu\n");
    }

    @Test
    void matricesInBfloat16AreMultipliedByAMethodAndTheRestIsFloat32() {
        Target target = new Target(CPU, NumberType.BFLOAT16, NumberType.FLOAT32, 4);

        Script script = ScriptEmitter.emit(block(), settings(target, 1 << 20));

        assertThat(script.text())
                .contains(
                        "    x1 = (self).multiply_add(x0, weights[0], weights[1], )  # -- block.linear\n",
                        "    if torch.le(rows, 4):\n      y = torch.to(torch.linear(torch.to(x, 15), matrix), 6)\n")
                .doesNotContain("$");
        assertThat(script.weights())
                .containsExactly(
                        new Operand(TABLE, NumberType.BFLOAT16, 0, 0, 10), single(Weight.of("bias", 10), 0, 10));
    }

    /** What is made, and what is brought in, is on the device; nothing else in the text says where. */
    @Test
    void gpuChangesOnlyConstants() {
        Graph graph = CachedCase.named("window_and_softcap").graph();
        Target gpu = Target.of(new EngineOptions(Device.cuda(3), Precision.BFLOAT16, 1));
        Target copying = new Target(new TorchDevice("cpu", true), gpu.matrices(), gpu.attention(), gpu.fewRows());

        String text = ScriptEmitter.emit(graph, settings(gpu, 1 << 20)).text();

        assertThat(text)
                .contains(
                        "return torch.to(tensor, torch.device(\"cuda:3\"), ops.prim.dtype(tensor), False, True)\n",
                        "torch.zeros([sequences, heads, capacity, width], dtype=15, layout=None, device=torch.device(\"cuda:3\"))",
                        "torch.arange(visible, dtype=4, layout=None, device=torch.device(\"cuda:3\"))",
                        "torch.empty(sizes, dtype=type, layout=None, device=torch.device(\"cuda:3\"))")
                .doesNotContain("$", "\"cpu\"");
        assertThat(text.replace("cuda:3", "cpu"))
                .isEqualTo(ScriptEmitter.emit(graph, settings(copying, 1 << 20)).text());
    }

    @Test
    void theMainProcessorNeedsNoCopies() {
        assertThat(ScriptEmitter.emit(block(), SETTINGS).text())
                .contains("torch.to(tensor, torch.device(\"cpu\"), ops.prim.dtype(tensor), False, False)\n");
    }

    private static ScriptEmitter.Settings settings(Target target, long pieceBytes) {
        return new ScriptEmitter.Settings(target, pieceBytes, 100);
    }

    private static Operand single(Weight weight, long firstRow, long rows) {
        return new Operand(weight, NumberType.FLOAT32, 0, firstRow, rows);
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
