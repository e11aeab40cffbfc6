package dev.paligemma.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The small values a graph is made of. */
class GraphValuesTest {
    // Dim

    @Test
    void fixedDimensionHasASizeAndNoName() {
        Dim dim = Dim.of(5);

        assertThat(dim.isFixed()).isTrue();
        assertThat(dim.size()).isEqualTo(5);
        assertThat(dim).hasToString("5");
        assertThatIllegalStateException().isThrownBy(dim::symbol).withMessageContaining("5");
    }

    @Test
    void symbolicDimensionHasANameAndNoSize() {
        Dim dim = Dim.symbol("tokens");

        assertThat(dim.isFixed()).isFalse();
        assertThat(dim.symbol()).isEqualTo("tokens");
        assertThat(dim).hasToString("tokens");
        assertThatIllegalStateException().isThrownBy(dim::size).withMessageContaining("tokens");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void refusesFixedDimensionsBelowOne(long size) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Dim.of(size))
                .withMessageContaining("at least 1, got " + size);
    }

    @Test
    void dimensionsAreEqualByContent() {
        assertThat(Dim.of(5)).isEqualTo(Dim.of(5)).hasSameHashCodeAs(Dim.of(5)).isNotEqualTo(Dim.of(6));
        assertThat(Dim.symbol("a")).isEqualTo(Dim.symbol("a")).hasSameHashCodeAs(Dim.symbol("a"));
        assertThat(Dim.symbol("a")).isNotEqualTo(Dim.symbol("b"));
        assertThat(Dim.symbol("5")).isNotEqualTo(Dim.of(5));
    }

    // Shape

    @Test
    void shapeTakesNumbersNamesAndDimensions() {
        Shape shape = Shape.of("rows", 3, 4L, Dim.symbol("n"));

        assertThat(shape.dims()).containsExactly(Dim.symbol("rows"), Dim.of(3), Dim.of(4), Dim.symbol("n"));
        assertThat(shape).hasToString("[rows, 3, 4, n]");
        assertThat(shape.rank()).isEqualTo(4);
        assertThat(Shape.of().rank()).isZero();
    }

    @Test
    void shapeCountsNegativeAxesFromTheEnd() {
        Shape shape = Shape.of("rows", 3, 4);

        assertThat(shape.dim(0)).isEqualTo(Dim.symbol("rows"));
        assertThat(shape.dim(-1)).isEqualTo(Dim.of(4));
        assertThat(shape.with(-2, Dim.of(9))).isEqualTo(Shape.of("rows", 9, 4));
        assertThat(shape.with(0, Dim.of(9))).isEqualTo(Shape.of(9, 3, 4));
        assertThat(shape).isEqualTo(Shape.of("rows", 3, 4));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> shape.dim(3));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> shape.dim(-4));
    }

    @Test
    void shapeRefusesOtherThingsAsDimensions() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Shape.of("rows", true))
                .withMessageContaining("got true");
        assertThatIllegalArgumentException().isThrownBy(() -> Shape.of("rows", 0));
    }

    @Test
    void shapeKeepsItsOwnCopy() {
        List<Dim> dims = new ArrayList<>(List.of(Dim.of(2)));
        Shape shape = new Shape(dims);

        dims.set(0, Dim.of(3));

        assertThat(shape).isEqualTo(Shape.of(2));
    }

    // Weight and LinearWeights

    @Test
    void weightKnowsItsSizes() {
        Weight weight = Weight.of("language_model.norm.weight", 3, 4);

        assertThat(weight.size(1)).isEqualTo(4);
        assertThat(weight.elementCount()).isEqualTo(12);
        assertThat(weight).hasToString("language_model.norm.weight[3, 4]");
    }

    @Test
    void weightCountsElementsExactly() {
        assertThatExceptionOfType(ArithmeticException.class)
                .isThrownBy(Weight.of("large", 1L << 32, 1L << 32)::elementCount);
        assertThat(Weight.of("large", 1L << 31, 1L << 31).elementCount()).isEqualTo(1L << 62);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -3})
    void weightRefusesSizesBelowOne(long size) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Weight.of("w", 4, size))
                .withMessageContaining("weight w")
                .withMessageContaining("[4, " + size + "]");
    }

    @Test
    void linearWeightsNameWidths() {
        LinearWeights weights = new LinearWeights(Weight.of("w", 6, 8), null);

        assertThat(weights.in()).isEqualTo(8);
        assertThat(weights.out()).isEqualTo(6);
    }

    @Test
    void linearWeightsRefuseWhatDoesNotFit() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LinearWeights(Weight.of("w", 6), null))
                .withMessageContaining("matrix [out, in], got w[6]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LinearWeights(Weight.of("w", 6, 8), Weight.of("b", 8)))
                .withMessageContaining("must be [6], got b[8]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LinearWeights(Weight.of("w", 6, 8), Weight.of("b", 6, 1)))
                .withMessageContaining("must be [6], got b[6, 1]");
    }

    // AttentionSpec

    @Test
    void attentionRefusesHeadsThatDoNotDivide() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AttentionSpec(3, 2, 4, 1, 0, 0, null, 0))
                .withMessageContaining("got 3 and 2");
        assertThatIllegalArgumentException().isThrownBy(() -> new AttentionSpec(0, 1, 4, 1, 0, 0, null, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new AttentionSpec(1, 0, 4, 1, 0, 0, null, 0));
    }

    @Test
    void attentionRefusesNumbersOutOfRange() {
        assertThatIllegalArgumentException().isThrownBy(() -> new AttentionSpec(2, 1, 0, 1, 0, 0, null, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new AttentionSpec(2, 1, 4, 1, 0, -1, null, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new AttentionSpec(2, 1, 4, 1, 0, 0, "c", -1));
        for (float scale : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new AttentionSpec(2, 1, 4, scale, 0, 0, null, 0))
                    .withMessageContaining(", " + scale + ", ");
        }
        for (float softcap : new float[] {-1, Float.NaN, Float.POSITIVE_INFINITY}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new AttentionSpec(2, 1, 4, 1, softcap, 0, null, 0))
                    .withMessageContaining(", " + softcap + ", ");
        }
    }

    @Test
    void attentionRefusesWhatACacheExcludes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AttentionSpec(2, 1, 4, 1, 0, 5, "layers.0", 0))
                .withMessageContaining("sequenceLength 5 for cache layers.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AttentionSpec(2, 1, 4, 1, 0, 0, null, 7))
                .withMessageContaining("window 7");
    }

    // Graph, Node, Operation

    @Test
    void graphKeepsItsOwnCopies() {
        Tensor x = new Tensor(0, "x", ElementType.FLOAT32, Shape.of(2));
        Map<String, Tensor> tensors = new HashMap<>(Map.of("x", x));
        List<Node> nodes = new ArrayList<>();
        List<Tensor> read = new ArrayList<>(List.of(x));
        Node node = new Node(new Operation.Gelu(), read, x);
        Graph graph = new Graph("net", tensors, nodes, tensors, tensors);

        tensors.clear();
        nodes.add(node);
        read.clear();

        assertThat(graph.inputs()).containsOnlyKeys("x");
        assertThat(graph.outputs()).containsOnlyKeys("x");
        assertThat(graph.marks()).containsOnlyKeys("x");
        assertThat(graph.nodes()).isEmpty();
        assertThat(node.input(0)).isEqualTo(x);
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> graph.outputs().clear());
    }

    @Test
    void tensorSaysWhatItIs() {
        assertThat(new Tensor(3, "layers.3.q", ElementType.INT64, Shape.of("tokens", 4)))
                .hasToString("layers.3.q: int64[tokens, 4]");
        assertThat(ElementType.FLOAT32.bytes()).isEqualTo(4);
        assertThat(ElementType.INT64.bytes()).isEqualTo(8);
    }

    // Weights

    @Test
    void operationsTellTheirWeightsInOrder() {
        Weight matrix = Weight.of("w", 4, 3);
        Weight bias = Weight.of("b", 4);

        assertThat(new Operation.Linear(new LinearWeights(matrix, bias)).weights())
                .containsExactly(matrix, bias);
        assertThat(new Operation.Linear(new LinearWeights(matrix, null)).weights())
                .containsExactly(matrix);
        assertThat(new Operation.Linear(new LinearWeights(matrix, bias)).matrix())
                .isEqualTo(matrix);
        assertThat(new Operation.LayerNorm(bias, matrix, 1e-6f).weights()).containsExactly(bias, matrix);
        assertThat(new Operation.RmsNorm(bias, 1e-6f).weights()).containsExactly(bias);
        assertThat(new Operation.Parameter(bias).weights()).containsExactly(bias);
        assertThat(new Operation.Embedding(matrix).weights()).containsExactly(matrix);
        assertThat(new Operation.Embedding(matrix).table()).isEqualTo(matrix);
        assertThat(new Operation.Gelu().weights()).isEmpty();
    }

    @Test
    void operationsAreRebuiltWithOtherWeights() {
        Operation.Linear linear = new Operation.Linear(new LinearWeights(Weight.of("w", 4, 3), Weight.of("b", 4)));
        Operation.Gelu gelu = new Operation.Gelu();

        assertThat(linear.withWeights(weight -> new Weight("my " + weight.name(), weight.shape(), weight.shape())))
                .isEqualTo(new Operation.Linear(new LinearWeights(Weight.of("my w", 4, 3), Weight.of("my b", 4))));
        assertThat(gelu.withWeights(weight -> weight)).isSameAs(gelu);
    }

    /** Whoever goes through the weights of a graph must meet all that an operation holds. */
    @Test
    void noOperationWithWeightsCallsItselfWeightless() {
        for (Class<?> operation : Operation.class.getPermittedSubclasses()) {
            if (operation.isRecord()) {
                assertThat(operation.getRecordComponents())
                        .as(operation.getSimpleName())
                        .extracting(component -> component.getType().getSimpleName())
                        .containsAnyOf("Weight", "LinearWeights");
            }
        }
        for (Class<?> operation : Operation.Weightless.class.getPermittedSubclasses()) {
            assertThat(operation.getRecordComponents())
                    .as(operation.getSimpleName())
                    .extracting(component -> component.getType().getSimpleName())
                    .doesNotContain("Weight", "LinearWeights");
        }
    }

    @Test
    void graphsListTheirWeightsInOrderOfFirstUse() {
        GraphBuilder g = new GraphBuilder("two");
        Weight table = Weight.of("table", 5, 3);
        Weight norm = Weight.of("norm", 3);
        Tensor rows = g.embedding(g.input("ids", ElementType.INT64, Shape.of("tokens")), table);
        g.output("y", g.linear(g.rmsNorm(rows, norm, 1e-6f), new LinearWeights(table, null)));

        assertThat(g.build().weights()).containsExactly(table, norm);
    }

    @Test
    void refusesOneNameForTwoShapes() {
        GraphBuilder g = new GraphBuilder("misfit");
        g.output("x", g.parameter(Weight.of("same", 3)));
        g.output("y", g.parameter(Weight.of("same", 4)));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> g.build().weights())
                .withMessageContaining("same[3]")
                .withMessageContaining("same[4]");
    }

    @Test
    void aWeightIsStoredWithTheSameElements() {
        assertThat(Weight.of("kernel", 8, 12).storedAs(8, 3, 2, 2).storedShape())
                .containsExactly(8L, 3L, 2L, 2L);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Weight.of("kernel", 8, 12).storedAs(8, 3, 2))
                .withMessageContaining("kernel[8, 12] cannot be stored as [8, 3, 2]");
    }
}
