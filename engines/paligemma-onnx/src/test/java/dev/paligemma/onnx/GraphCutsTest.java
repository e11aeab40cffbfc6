package dev.paligemma.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.onnx.TestCheckpoints.Sizes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GraphCutsTest {
    private static final LinearWeights A = new LinearWeights(Weight.of("a", 4, 4), null);
    private static final LinearWeights B = new LinearWeights(Weight.of("b", 4, 4), null);

    private final GraphBuilder g = new GraphBuilder("cut");
    private final Tensor x = g.input("x", ElementType.FLOAT32, Shape.of("rows", 4));

    @Test
    void piecesAreTheWholeGraphInOrder() {
        Graph graph = TestDecoder.record(new Sizes(16, 8, 2, 1, 4, 3, 4), 5, 7);

        List<Graph> pieces = GraphCuts.afterProducts(graph);

        List<Node> nodes = new ArrayList<>();
        pieces.forEach(piece -> nodes.addAll(piece.nodes()));
        assertThat(nodes).isEqualTo(graph.nodes());
        // Two residual sums in each block, and the head.
        assertThat(pieces).hasSize(7);
        assertThat(pieces.get(0).inputs()).containsOnlyKeys("ids");
        assertThat(pieces.get(6).outputs()).containsOnlyKeys("hidden", "logits");
        for (int i = 1; i < pieces.size(); i++) {
            Graph before = pieces.get(i - 1);
            assertThat(pieces.get(i).inputs()).containsAllEntriesOf(before.outputs());
            assertThat(pieces.get(i).inputs()).hasSize(i == 6 ? 2 : 1);
        }
        assertThat(pieces.stream().flatMap(piece -> piece.caches().stream())).isEqualTo(graph.caches());
    }

    @Test
    void joiningPiecesUndoesTheCuts() {
        Graph graph = TestDecoder.record(new Sizes(16, 8, 2, 1, 4, 3, 4), 0, 0);
        List<Graph> pieces = GraphCuts.afterProducts(graph);

        Graph all = GraphCuts.join(graph, pieces);
        Graph middle = GraphCuts.join(graph, pieces.subList(2, 5));

        assertThat(all.nodes()).isEqualTo(graph.nodes());
        assertThat(all.inputs()).isEqualTo(graph.inputs());
        assertThat(all.outputs()).isEqualTo(graph.outputs());
        assertThat(middle.inputs()).isEqualTo(pieces.get(2).inputs());
        assertThat(middle.outputs()).isEqualTo(pieces.get(4).outputs());
    }

    /** What follows the last product stays with it: a piece without one would only be another call. */
    @Test
    void cutsAfterAProductAndNotBefore() {
        Tensor y = g.gelu(g.linear(g.gelu(x), A));
        g.output("y", g.gelu(g.linear(y, B)));

        List<Graph> pieces = GraphCuts.afterProducts(g.build());

        assertThat(operations(pieces)).containsExactly(List.of("Gelu", "Linear"), List.of("Gelu", "Linear", "Gelu"));
    }

    /** A second tensor that is still needed, made in this stretch or before, keeps the graph whole there. */
    @Test
    void doesNotCutWhereTwoTensorsAreHandedOn() {
        Tensor first = g.linear(x, A);
        Tensor second = g.linear(first, B);
        g.output("y", g.add(g.linear(second, A), first));

        assertThat(operations(GraphCuts.afterProducts(g.build())))
                .containsExactly(List.of("Linear"), List.of("Linear", "Linear", "Add"));
    }

    @Test
    void inputsOfTheCallerAreThereForEveryPiece() {
        Tensor first = g.linear(x, A);
        g.output("y", g.add(g.linear(first, B), x));

        List<Graph> pieces = GraphCuts.afterProducts(g.build());

        assertThat(pieces).hasSizeGreaterThan(1);
        assertThat(pieces.get(0).inputs()).containsOnlyKeys("x");
        assertThat(pieces.get(pieces.size() - 1).inputs()).containsKey("x");
        assertThat(pieces.get(pieces.size() - 1).outputs()).containsOnlyKeys("y");
    }

    /** An output in the middle is given by its piece, be it handed on or not. */
    @Test
    void outputsInTheMiddleAreGivenWhereTheyAreMade() {
        Tensor first = g.linear(x, A);
        g.output("first", first);
        g.output("second", g.linear(first, B));

        List<Graph> pieces = GraphCuts.afterProducts(g.build());

        assertThat(pieces).hasSize(2);
        assertThat(pieces.get(0).outputs()).containsKey("first").hasSize(2);
        assertThat(pieces.get(1).outputs()).containsOnlyKeys("second");
    }

    @Test
    void graphWithoutProductsStaysWhole() {
        g.output("y", g.gelu(g.gelu(x)));
        Graph graph = g.build();

        assertThat(GraphCuts.afterProducts(graph)).hasSize(1).first().satisfies(piece -> {
            assertThat(piece.nodes()).isEqualTo(graph.nodes());
            assertThat(piece.inputs()).isEqualTo(graph.inputs());
            assertThat(piece.outputs()).isEqualTo(graph.outputs());
        });
    }

    private static List<List<String>> operations(List<Graph> pieces) {
        return pieces.stream()
                .map(piece -> piece.nodes().stream()
                        .map(Node::operation)
                        .map(Operation::getClass)
                        .map(Class::getSimpleName)
                        .toList())
                .toList();
    }
}
