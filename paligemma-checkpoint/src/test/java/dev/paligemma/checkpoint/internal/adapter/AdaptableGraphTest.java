package dev.paligemma.checkpoint.internal.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.checkpoint.adapter.AdapterException;
import dev.paligemma.checkpoint.adapter.ModuleChange;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.HostTensor;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** How a graph is rewritten; what it then computes is compared with peft in the tests of whole models. */
class AdaptableGraphTest {
    private static final Weight TABLE = Weight.of("embed.weight", 10, 4);

    private static final Graph PLAIN = plain();

    private static Graph plain() {
        GraphBuilder g = new GraphBuilder("test");
        Tensor ids = g.input("ids", ElementType.INT64, Shape.of("rows"));
        Tensor x = g.embedding(ids, TABLE);
        Tensor normed = g.rmsNorm(x, Weight.of("norm.weight", 4), 1e-6f);
        Tensor y = g.linear(
                normed, new LinearWeights(Weight.of("layers.0.up.weight", 6, 4), Weight.of("layers.0.up.bias", 6)));
        g.mark("up", y);
        Tensor z = g.linear(y, new LinearWeights(Weight.of("layers.0.down.weight", 4, 6), null));
        g.output("logits", g.linear(z, new LinearWeights(TABLE, null)));
        return g.build();
    }

    private static AdapterSites sites(Map<String, ModuleChange> changes) {
        return AdapterSites.of(List.of(changes));
    }

    private static ModuleChange lowRank(long rank, long in, long out) {
        return new ModuleChange(floats(rank, in), floats(out, rank), null, null);
    }

    private static HostTensor floats(long... shape) {
        return HostTensor.allocate(ElementType.FLOAT32, shape);
    }

    /** The operations, in order. */
    private static List<String> operations(Graph graph) {
        return graph.nodes().stream()
                .map(node -> node.operation().getClass().getSimpleName())
                .toList();
    }

    @Test
    void aGraphWithoutSitesStaysAsItIs() {
        AdaptableGraph same = AdaptableGraph.of(PLAIN, AdapterSites.NONE);

        assertThat(same.graph().inputs()).isEqualTo(PLAIN.inputs());
        assertThat(operations(same.graph())).isEqualTo(operations(PLAIN));
        assertThat(same.modules()).isEmpty();
        assertThat(same.neutralInputs()).isEmpty();
        assertThat(same.inputs(Map.of("elsewhere", lowRank(2, 4, 4)))).isEmpty();
    }

    @Test
    void onlyTheModulesThatChangeGetInputs() {
        Map<String, ModuleChange> changes = Map.of("layers.0.down", lowRank(3, 6, 4), "elsewhere", lowRank(1, 1, 1));

        AdaptableGraph adapted = AdaptableGraph.of(PLAIN, sites(changes));

        assertThat(adapted.modules()).containsExactly("layers.0.down");
        assertThat(adapted.graph().inputs().keySet())
                .containsExactly("ids", "adapter.layers.0.down.down", "adapter.layers.0.down.up");
        assertThat(operations(adapted.graph()))
                .containsExactly("Embedding", "RmsNorm", "Linear", "Linear", "Product", "Product", "Add", "Linear");
        assertThat(adapted.inputs(changes))
                .containsEntry(
                        "adapter.layers.0.down.down",
                        changes.get("layers.0.down").down())
                .containsEntry(
                        "adapter.layers.0.down.up", changes.get("layers.0.down").up());
    }

    @Test
    void withoutAnAdapterNothingIsAddedAndFactorsAreOne() {
        ModuleChange all = new ModuleChange(floats(2, 4), floats(6, 2), floats(6), floats(6));

        Map<String, HostTensor> neutral =
                AdaptableGraph.of(PLAIN, sites(Map.of("layers.0.up", all))).neutralInputs();

        assertThat(neutral).hasSize(4);
        neutral.forEach((name, tensor) -> {
            float[] numbers = new float[tensor.floats().remaining()];
            tensor.floats().get(numbers);
            assertThat(numbers).as(name).containsOnly(name.endsWith("scale") ? 1f : 0f);
        });
        assertThat(neutral.get("adapter.layers.0.up.down").shape()).containsExactly(1, 4);
        assertThat(neutral.get("adapter.layers.0.up.up").shape()).containsExactly(6, 1);
    }

    @Test
    void theFactorLeavesTheBiasAlone() {
        ModuleChange scaled = new ModuleChange(null, null, floats(6), null);

        Graph graph =
                AdaptableGraph.of(PLAIN, sites(Map.of("layers.0.up", scaled))).graph();

        assertThat(operations(graph))
                .containsExactly("Embedding", "RmsNorm", "Linear", "Multiply", "Parameter", "Add", "Linear", "Linear");
    }

    @Test
    void theHeadIsAModuleOfItsOwnAlsoWhereItIsTheTable() {
        AdaptableGraph head = AdaptableGraph.of(PLAIN, sites(Map.of("lm_head", lowRank(2, 4, 10))));
        AdaptableGraph table = AdaptableGraph.of(
                PLAIN, sites(Map.of("embed", new ModuleChange(floats(10, 2), floats(4, 2), null, null))));

        assertThat(operations(head.graph()))
                .containsExactly("Embedding", "RmsNorm", "Linear", "Linear", "Linear", "Product", "Product", "Add");
        assertThat(operations(table.graph()))
                .containsExactly("Embedding", "GatherRows", "Product", "Add", "RmsNorm", "Linear", "Linear", "Linear");
    }

    @Test
    void outputsAndMarksAreMadeUnderTheirOwnNamesAndEveryTensorOnce() {
        ModuleChange all = new ModuleChange(floats(2, 4), floats(6, 2), floats(6), floats(6));
        Graph graph = AdaptableGraph.of(PLAIN, sites(Map.of("layers.0.up", all, "norm", scale())))
                .graph();

        Set<Tensor> known = new HashSet<>(graph.inputs().values());
        Set<Integer> ids = new HashSet<>();
        known.forEach(tensor -> assertThat(ids.add(tensor.id())).isTrue());
        for (Node node : graph.nodes()) {
            assertThat(known).as(node.toString()).containsAll(node.inputs());
            assertThat(ids.add(node.output().id())).as(node.toString()).isTrue();
            known.add(node.output());
        }
        assertThat(graph.outputs()).isEqualTo(PLAIN.outputs());
        assertThat(known)
                .containsAll(PLAIN.outputs().values())
                .containsAll(PLAIN.marks().values());
    }

    private static ModuleChange scale() {
        return new ModuleChange(null, null, floats(4), null);
    }

    @Test
    void refusesAChangeThatAModuleCannotHave() {
        AdapterSites sites = sites(Map.of("norm", lowRank(2, 4, 4)));

        assertThatThrownBy(() -> AdaptableGraph.of(PLAIN, sites))
                .isInstanceOf(AdapterException.class)
                .hasMessageContaining("module norm")
                .hasMessageContaining("LOW_RANK");
    }
}
