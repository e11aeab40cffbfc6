package dev.paligemma.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.onnx.TestCheckpoints.Sizes;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Sessions are shared between pieces whose canonical graphs are equal, so equality is what matters. */
class CanonicalGraphTest {
    private static final Sizes SIZES = new Sizes(16, 8, 2, 1, 4, 4, 4);

    /** Blocks with a window and without one differ only in what happens after the prefix. */
    @Test
    void blocksOfAKindAreEqual() {
        List<CanonicalGraph> pieces = canonical(TestDecoder.record(SIZES, 5, 7));

        // Attention and MLP of the four blocks in turn; the first piece also looks up the embeddings.
        assertThat(pieces).hasSize(9);
        assertThat(pieces.subList(1, 8))
                .extracting(CanonicalGraph::graph)
                .containsOnly(pieces.get(1).graph(), pieces.get(2).graph());
        for (int i = 3; i < 8; i++) {
            assertThat(pieces.get(i).graph()).isEqualTo(pieces.get(i - 2).graph());
            assertThat(pieces.get(i).graph().hashCode())
                    .isEqualTo(pieces.get(i - 2).graph().hashCode());
        }
        assertThat(pieces.get(1).graph()).isNotEqualTo(pieces.get(2).graph());
        assertThat(pieces.get(0).graph()).isNotEqualTo(pieces.get(2).graph());
    }

    @Test
    void whatDiffersInMoreThanNamesIsNotEqual() {
        Graph usual = mlp("w", 4, 8, 1e-6f, false);

        assertThat(canonicalOf(mlp("other", 4, 8, 1e-6f, false))).isEqualTo(canonicalOf(usual));
        assertThat(canonicalOf(mlp("w", 4, 12, 1e-6f, false))).isNotEqualTo(canonicalOf(usual));
        assertThat(canonicalOf(mlp("w", 6, 8, 1e-6f, false))).isNotEqualTo(canonicalOf(usual));
        assertThat(canonicalOf(mlp("w", 4, 8, 1e-5f, false))).isNotEqualTo(canonicalOf(usual));
        assertThat(canonicalOf(mlp("w", 4, 8, 1e-6f, true))).isNotEqualTo(canonicalOf(usual));
    }

    @Test
    void attentionsOfOtherFormAreNotEqual() {
        AttentionSpec usual = new AttentionSpec(2, 1, 4, 0.5f, 5, 0, "layer3", 7);

        assertThat(canonicalOf(attention(new AttentionSpec(2, 1, 4, 0.5f, 5, 0, "layer4", 0))))
                .isEqualTo(canonicalOf(attention(usual)));
        for (AttentionSpec other : List.of(
                new AttentionSpec(2, 1, 4, 0.25f, 5, 0, "layer3", 7),
                new AttentionSpec(2, 1, 4, 0.5f, 6, 0, "layer3", 7),
                new AttentionSpec(1, 1, 8, 0.5f, 5, 0, "layer3", 7))) {
            assertThat(canonicalOf(attention(other))).isNotEqualTo(canonicalOf(attention(usual)));
        }
    }

    @Test
    void namesLeadBackToTheOriginal() {
        Graph graph = TestDecoder.record(SIZES, 5, 7);
        Graph piece = GraphCuts.afterProducts(graph).get(4);

        CanonicalGraph canonical = CanonicalGraph.of(piece);

        assertThat(canonical.inputs().keySet())
                .isEqualTo(canonical.graph().inputs().keySet());
        assertThat(canonical.outputs().keySet())
                .isEqualTo(canonical.graph().outputs().keySet());
        assertThat(List.copyOf(canonical.inputs().values()))
                .isEqualTo(List.copyOf(piece.inputs().keySet()));
        assertThat(List.copyOf(canonical.outputs().values()))
                .isEqualTo(List.copyOf(piece.outputs().keySet()));
        assertThat(canonical.weights().values())
                .extracting(Weight::name)
                .containsExactly(
                        "language_model.layers.2.input_layernorm.weight",
                        "language_model.layers.2.self_attn.q_proj.weight",
                        "language_model.layers.2.self_attn.k_proj.weight",
                        "language_model.layers.2.self_attn.v_proj.weight",
                        "language_model.layers.2.self_attn.o_proj.weight");
        canonical.weights().forEach((neutral, original) -> {
            assertThat(neutral.shape()).isEqualTo(original.shape());
            assertThat(neutral.name()).doesNotContain("layers");
            assertThat(canonical.original(neutral)).isEqualTo(original);
            assertThat(canonical.originalOrSame(neutral)).isEqualTo(original);
        });
        assertThat(canonical.caches().keySet())
                .containsExactlyElementsOf(canonical.graph().caches());
        assertThat(List.copyOf(canonical.caches().values())).isEqualTo(piece.caches());
        assertThat(piece.caches().get(0).window()).isEqualTo(7);
        assertThat(canonical.graph().caches().get(0).window()).isZero();
    }

    /** Tables are too large to be inputs of a session. */
    @Test
    void tablesKeepTheirNames() {
        GraphBuilder g = new GraphBuilder("lookup");
        Weight table = Weight.of(TestCheckpoints.EMBEDDING, 8, 4);
        g.output("y", g.embedding(g.input("ids", ElementType.INT64, Shape.of("rows")), table));
        Graph graph = g.build();

        CanonicalGraph canonical = CanonicalGraph.of(graph);

        assertThat(canonical.graph().nodes().get(0).operation())
                .isEqualTo(graph.nodes().get(0).operation());
        assertThat(canonical.weights()).isEmpty();
        assertThat(canonical.originalOrSame(table)).isEqualTo(table);
        assertThatNullPointerException()
                .isThrownBy(() -> canonical.original(table))
                .withMessageContaining(table.name());
    }

    /** One weight used twice is one weight in the other graph too. */
    @Test
    void weightUsedTwiceStaysOne() {
        GraphBuilder g = new GraphBuilder("twice");
        Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", 4));
        LinearWeights same = new LinearWeights(Weight.of("w", 4, 4), Weight.of("b", 4));
        g.output("y", g.linear(g.linear(x, same), same));
        GraphBuilder h = new GraphBuilder("twice");
        Tensor z = h.input("x", ElementType.FLOAT32, Shape.of("rows", 4));
        LinearWeights other = new LinearWeights(Weight.of("v", 4, 4), Weight.of("b", 4));
        h.output("y", h.linear(h.linear(z, same), other));

        assertThat(CanonicalGraph.of(g.build()).weights())
                .isEqualTo(
                        Map.of(Weight.of("weight0", 4, 4), same.weight(), Weight.of("weight1", 4), Weight.of("b", 4)));
        assertThat(canonicalOf(h.build()))
                .isNotEqualTo(CanonicalGraph.of(g.build()).graph());
    }

    private static List<CanonicalGraph> canonical(Graph graph) {
        return GraphCuts.afterProducts(graph).stream().map(CanonicalGraph::of).toList();
    }

    private static Graph canonicalOf(Graph graph) {
        return CanonicalGraph.of(graph).graph();
    }

    private static Graph mlp(String prefix, int width, int inner, float epsilon, boolean bias) {
        GraphBuilder g = new GraphBuilder("mlp");
        Tensor x = g.input(prefix + " in", ElementType.FLOAT32, Shape.of("rows", width));
        Tensor normed = g.rmsNorm(x, Weight.of(prefix + ".norm", width), epsilon);
        LinearWeights up = new LinearWeights(
                Weight.of(prefix + ".up", inner, width), bias ? Weight.of(prefix + ".bias", inner) : null);
        LinearWeights down = new LinearWeights(Weight.of(prefix + ".down", width, inner), null);
        g.output(prefix + " out", g.add(x, g.linear(g.gelu(g.linear(normed, up)), down)));
        return g.build();
    }

    private static Graph attention(AttentionSpec spec) {
        GraphBuilder g = new GraphBuilder("attention");
        Tensor q = g.input("q", ElementType.FLOAT32, Shape.of("rows", (long) spec.heads() * spec.headDim()));
        Tensor k = g.input("k", ElementType.FLOAT32, Shape.of("rows", (long) spec.kvHeads() * spec.headDim()));
        g.output("y", g.attention(q, k, k, spec));
        return g.build();
    }
}
