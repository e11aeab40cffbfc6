package dev.paligemma.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GraphBuilderTest {
    private static final Weight TABLE = Weight.of("table", 10, 8);
    private static final Weight VECTOR = Weight.of("vector", 8);
    private static final LinearWeights LINEAR = new LinearWeights(Weight.of("matrix", 6, 8), Weight.of("bias", 6));

    private final GraphBuilder g = new GraphBuilder("net");

    // What is recorded

    @Test
    void recordsOperationsInOrderWithTheirShapes() {
        Tensor ids = g.input("ids", ElementType.INT64, Shape.of("tokens"));
        Tensor x = g.embedding(ids, TABLE);
        Tensor y = g.linear(x, LINEAR);
        g.output("y", y);

        Graph graph = g.build();

        assertThat(graph.name()).isEqualTo("net");
        assertThat(graph.inputs()).isEqualTo(Map.of("ids", ids));
        assertThat(graph.outputs()).isEqualTo(Map.of("y", y));
        assertThat(graph.nodes())
                .containsExactly(
                        new Node(new Operation.Embedding(TABLE), List.of(ids), x),
                        new Node(new Operation.Linear(LINEAR), List.of(x), y));
        assertThat(x.shape()).isEqualTo(Shape.of("tokens", 8));
        assertThat(y.shape()).isEqualTo(Shape.of("tokens", 6));
        assertThat(y.type()).isEqualTo(ElementType.FLOAT32);
    }

    @Test
    void givesEachOperationTheShapeItDocuments() {
        Tensor x = rows("x", 8);
        Tensor index = g.input("index", ElementType.INT64, Shape.of("picked"));
        Tensor boxes = g.input("boxes", ElementType.FLOAT32, Shape.of("n", 3, 4));

        assertThat(g.parameter(TABLE).shape()).isEqualTo(Shape.of(10, 8));
        assertThat(g.layerNorm(x, VECTOR, VECTOR, 1e-6f).shape()).isEqualTo(x.shape());
        assertThat(g.rmsNorm(x, VECTOR, 1e-6f).shape()).isEqualTo(x.shape());
        assertThat(g.gelu(x).shape()).isEqualTo(x.shape());
        assertThat(g.rope(x, rows("cos", 2), rows("sin", 2), 2).shape()).isEqualTo(x.shape());
        assertThat(g.attention(x, rows("k", 4), rows("v", 4), spec("c", 0)).shape())
                .isEqualTo(x.shape());
        assertThat(g.softcap(x, 30).shape()).isEqualTo(x.shape());
        assertThat(g.add(boxes, g.parameter(Weight.of("b", 3, 4))).shape()).isEqualTo(boxes.shape());
        assertThat(g.multiply(x, x).shape()).isEqualTo(x.shape());
        assertThat(g.multiply(boxes, g.parameter(Weight.of("factors", 3, 4))).shape())
                .isEqualTo(boxes.shape());
        Tensor slim = g.product(x, g.input("down", ElementType.FLOAT32, Shape.of("rank", 8)));
        assertThat(slim.shape()).isEqualTo(x.shape().with(-1, Dim.symbol("rank")));
        assertThat(g.scale(x, -1).shape()).isEqualTo(x.shape());
        assertThat(g.reshape(boxes, Shape.of("rows", 4)).shape()).isEqualTo(Shape.of("rows", 4));
        assertThat(g.transpose(boxes, 2, 0, 1).shape()).isEqualTo(Shape.of(4, "n", 3));
        assertThat(g.concatRows(x, x, Dim.symbol("both")).shape()).isEqualTo(Shape.of("both", 8));
        assertThat(g.gatherRows(x, index).shape()).isEqualTo(Shape.of("picked", 8));
    }

    @Test
    void namesTensorsAfterTheirScope() {
        Tensor x = rows("x", 8);
        Tensor inLayer = g.scope("layers.3", () -> {
            assertThat(g.gelu(x).name()).isEqualTo("layers.3.gelu");
            assertThat(g.scope("self_attn", () -> g.gelu(x)).name()).isEqualTo("layers.3.self_attn.gelu");
            return g.scale(x, 2);
        });

        assertThat(inLayer.name()).isEqualTo("layers.3.scale");
        assertThat(g.gelu(x).name()).isEqualTo("gelu");
    }

    @Test
    void givesEveryTensorANameAndNumberOfItsOwn() {
        Tensor taken = g.input("gelu_2", ElementType.FLOAT32, Shape.of("rows", 8));
        List<Tensor> all = List.of(taken, g.gelu(taken), g.gelu(taken), g.gelu(taken));

        assertThat(all).extracting(Tensor::name).containsExactly("gelu_2", "gelu", "gelu_3", "gelu_4");
        assertThat(all).extracting(Tensor::id).containsExactly(0, 1, 2, 3);
    }

    @Test
    void marksBecomeOutputsOnlyOnRequest() {
        Tensor x = rows("x", 8);
        Tensor y = g.gelu(x);
        g.mark("middle", x);
        g.mark("y", x);
        g.output("y", y);

        Graph graph = g.build();

        assertThat(graph.outputs()).isEqualTo(Map.of("y", y));
        assertThat(graph.marks()).isEqualTo(Map.of("middle", x, "y", x));
        // A true output wins over a mark of its name.
        assertThat(graph.withMarksAsOutputs().outputs()).isEqualTo(Map.of("y", y, "middle", x));
        assertThat(graph.withMarksAsOutputs().nodes()).isEqualTo(graph.nodes());
    }

    @Test
    void listsCachesInOrder() {
        Tensor x = rows("x", 8);
        Tensor k = rows("k", 4);
        g.attention(x, k, k, spec("second", 5));
        g.attention(x, x, x, AttentionSpec.withinSequences(2, 4, 1, 3));
        g.attention(x, k, k, spec("first", 0));

        assertThat(g.build().caches()).containsExactly(spec("second", 5), spec("first", 0));
    }

    @Test
    void graphDoesNotChangeWithItsBuilder() {
        Tensor x = rows("x", 8);
        g.output("x", x);
        Graph graph = g.build();

        g.output("y", g.gelu(x));

        assertThat(graph.outputs()).containsOnlyKeys("x");
        assertThat(graph.nodes()).isEmpty();
    }

    // What is refused

    @Test
    void refusesNamesTwice() {
        Tensor x = rows("x", 8);
        g.output("y", x);
        g.mark("m", x);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> rows("x", 8))
                .withMessage("graph net has an input 'x' already");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> g.output("y", x))
                .withMessage("graph net has an output 'y' already");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> g.mark("m", x))
                .withMessage("graph net has a mark 'm' already");
    }

    @Test
    void refusesACacheTwice() {
        Tensor x = rows("x", 8);
        Tensor k = rows("k", 4);
        g.attention(x, k, k, spec("cache", 0));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> g.attention(x, k, k, spec("cache", 3)))
                .withMessageContaining("attention")
                .withMessageContaining("cache 'cache' is used twice");
    }

    @Test
    void refusesTensorsOfAnotherGraph() {
        Tensor ours = rows("x", 8);
        Tensor theirs = new GraphBuilder("other").input("x", ElementType.FLOAT32, Shape.of("rows", 8));

        assertThat(theirs).isEqualTo(ours);
        for (Consumer<Tensor> use :
                List.<Consumer<Tensor>>of(g::gelu, t -> g.add(ours, t), t -> g.output("y", t), t -> g.mark("m", t))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> use.accept(theirs))
                    .withMessageContaining("expected a tensor of this graph, got x: float32[rows, 8]");
        }
    }

    /** A mistake, and what its message must say was expected and got. */
    record Mistake(String operation, Consumer<GraphBuilder> use, String expected, String got) {
        @Override
        public String toString() {
            return operation + ", expected " + expected;
        }
    }

    private static final String WIDE = "x9: float32[rows, 9]";
    private static final String IDS = "ids: int64[tokens]";
    private static final String CUBE = "cube: float32[2, 3, 4]";

    static Stream<Mistake> mistakes() {
        return Stream.of(
                new Mistake("embedding", g -> g.embedding(x(g, 9), TABLE), "int64[T] ids", WIDE),
                new Mistake("embedding", g -> g.embedding(ids2(g), TABLE), "int64[T] ids", "ids2: int64[tokens, 2]"),
                new Mistake("embedding", g -> g.embedding(ids(g), VECTOR), "a table [V, D]", "vector[8]"),
                new Mistake("linear", g -> g.linear(x(g, 9), LINEAR), "rows as wide as matrix[6, 8]", WIDE),
                new Mistake("linear", g -> g.linear(cube(g), LINEAR), "float32[T, D] rows of fixed width", CUBE),
                new Mistake("linear", g -> g.linear(ids(g), LINEAR), "float32[T, D] rows of fixed width", IDS),
                new Mistake(
                        "linear",
                        g -> g.linear(open(g), LINEAR),
                        "float32[T, D] rows of fixed width",
                        "open: float32[rows, width]"),
                new Mistake("layerNorm", g -> g.layerNorm(x(g, 9), VECTOR, VECTOR, 1), "as wide as vector[8]", WIDE),
                new Mistake(
                        "layerNorm",
                        g -> g.layerNorm(x(g, 8), VECTOR, Weight.of("beta", 7), 1),
                        "as wide as beta[7]",
                        "x8: float32[rows, 8]"),
                new Mistake("layerNorm", g -> g.layerNorm(ids(g), VECTOR, VECTOR, 1), "float32", IDS),
                new Mistake("rmsNorm", g -> g.rmsNorm(x(g, 9), VECTOR, 1), "as wide as vector[8]", WIDE),
                new Mistake(
                        "rmsNorm",
                        g -> g.rmsNorm(g.input("scalar", ElementType.FLOAT32, Shape.of()), VECTOR, 1),
                        "as wide as vector[8]",
                        "scalar: float32[]"),
                new Mistake("gelu", g -> g.gelu(ids(g)), "float32", IDS),
                new Mistake("rope", g -> g.rope(cube(g), x(g, 2), x(g, 2), 1), "rows of fixed width", CUBE),
                new Mistake("rope", g -> g.rope(x(g, 8), x(g, 3), x(g, 3), 2), "[rows, 8 / (2 * 2)]", "x3: float32"),
                new Mistake("rope", g -> g.rope(x(g, 8), x(g, 2), x(g, 3), 2), "[rows, 8 / (2 * 2)]", "x2: float32"),
                new Mistake("rope", g -> g.rope(x(g, 8), open(g), open(g), 2), "rows of fixed width", "open: float32"),
                new Mistake(
                        "rope",
                        g -> {
                            Tensor other = g.input("other", ElementType.FLOAT32, Shape.of("others", 2));
                            g.rope(x(g, 8), other, other, 2);
                        },
                        "[rows, 8 / (2 * 2)]",
                        "other: float32[others, 2]"),
                new Mistake(
                        "attention",
                        g -> g.attention(x(g, 9), x(g, 4), x(g, 4), spec("c", 0)),
                        "queries [rows, 8]",
                        WIDE),
                new Mistake(
                        "attention", g -> g.attention(x(g, 8), x(g, 9), x(g, 4), spec("c", 0)), "keys [rows, 4]", WIDE),
                new Mistake(
                        "attention",
                        g -> g.attention(x(g, 8), x(g, 4), x(g, 9), spec("c", 0)),
                        "values [rows, 4]",
                        WIDE),
                new Mistake("attention", g -> g.attention(x(g, 8), ids(g), x(g, 4), spec("c", 0)), "float32", IDS),
                new Mistake("softcap", g -> g.softcap(x(g, 8), 0), "a positive bound", "0.0"),
                new Mistake("softcap", g -> g.softcap(x(g, 8), Float.NaN), "a positive bound", "NaN"),
                new Mistake("softcap", g -> g.softcap(ids(g), 1), "float32", IDS),
                new Mistake("add", g -> g.add(x(g, 8), x(g, 9)), "the last dimensions of [rows, 8]", WIDE),
                new Mistake("add", g -> g.add(x(g, 8), cube(g)), "the last dimensions of [rows, 8]", CUBE),
                new Mistake("add", g -> g.add(ids(g), ids(g)), "float32", IDS),
                new Mistake("multiply", g -> g.multiply(x(g, 8), x(g, 9)), "the last dimensions of [rows, 8]", WIDE),
                new Mistake("multiply", g -> g.multiply(x(g, 8), cube(g)), "the last dimensions of [rows, 8]", CUBE),
                new Mistake("multiply", g -> g.multiply(ids(g), ids(g)), "float32", IDS),
                new Mistake("product", g -> g.product(x(g, 8), x(g, 9)), "a matrix [out, in] for rows [T, in]", WIDE),
                new Mistake("product", g -> g.product(x(g, 8), cube(g)), "a matrix [out, in] for rows [T, in]", CUBE),
                new Mistake("product", g -> g.product(x(g, 8), ids(g)), "float32", IDS),
                new Mistake("scale", g -> g.scale(ids(g), 2), "float32", IDS),
                new Mistake(
                        "reshape",
                        g -> g.reshape(cube(g), Shape.of("a", "b")),
                        "at most one symbolic dimension",
                        "[a, b]"),
                new Mistake(
                        "reshape", g -> g.reshape(cube(g), Shape.of(5, 5)), "the 24 elements of [2, 3, 4]", "[5, 5]"),
                new Mistake("reshape", g -> g.reshape(cube(g), Shape.of("a", 5)), "the 24 elements", "[a, 5]"),
                new Mistake("reshape", g -> g.reshape(ids(g), Shape.of("a", 1)), "float32", IDS),
                new Mistake("transpose", g -> g.transpose(cube(g), 0, 1), "a permutation of [0, 1, 2]", "[0, 1]"),
                new Mistake("transpose", g -> g.transpose(cube(g), 0, 1, 1), "a permutation of [0, 1, 2]", "[0, 1, 1]"),
                new Mistake("transpose", g -> g.transpose(cube(g), 1, 2, 3), "a permutation of [0, 1, 2]", "[1, 2, 3]"),
                new Mistake("transpose", g -> g.transpose(ids2(g), 1, 0), "float32", "ids2: int64"),
                new Mistake(
                        "concatRows", g -> g.concatRows(x(g, 8), x(g, 9), Dim.symbol("n")), "rows of width 8", WIDE),
                new Mistake(
                        "concatRows",
                        g -> g.concatRows(cube(g), x(g, 9), Dim.symbol("n")),
                        "rows of fixed width",
                        CUBE),
                new Mistake(
                        "concatRows",
                        g -> g.concatRows(x(g, 9), cube(g), Dim.symbol("n")),
                        "rows of fixed width",
                        CUBE),
                new Mistake("gatherRows", g -> g.gatherRows(x(g, 8), x(g, 9)), "int64[T]", WIDE),
                new Mistake("gatherRows", g -> g.gatherRows(cube(g), ids(g)), "rows of fixed width", CUBE));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void refusesWhatDoesNotFit(Mistake mistake) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> g.scope(
                        "layers.3",
                        () -> g.scope("mlp", () -> {
                            mistake.use().accept(g);
                            return g;
                        })))
                .withMessageStartingWith("graph net, layers.3.mlp." + mistake.operation() + ": expected ")
                .withMessageContaining(mistake.expected())
                .withMessageContaining(", got ")
                .satisfies(e -> assertThat(String.valueOf(e.getMessage()).split(", got ", 2)[1])
                        .contains(mistake.got()));
        assertThat(g.build().nodes()).isEmpty();
        assertThat(g.gelu(rows("x", 8)).name()).as("the scopes are closed").isEqualTo("gelu");
    }

    private static AttentionSpec spec(String cache, int window) {
        return new AttentionSpec(2, 1, 4, 0.5f, 0, 0, cache, window);
    }

    private Tensor rows(String name, int width) {
        return g.input(name, ElementType.FLOAT32, Shape.of("rows", width));
    }

    private static Tensor x(GraphBuilder g, int width) {
        String name = "x" + width;
        Tensor known = g.build().inputs().get(name);
        return known != null ? known : g.input(name, ElementType.FLOAT32, Shape.of("rows", width));
    }

    private static Tensor ids(GraphBuilder g) {
        Tensor known = g.build().inputs().get("ids");
        return known != null ? known : g.input("ids", ElementType.INT64, Shape.of("tokens"));
    }

    private static Tensor ids2(GraphBuilder g) {
        return g.input("ids2", ElementType.INT64, Shape.of("tokens", 2));
    }

    private static Tensor cube(GraphBuilder g) {
        return g.input("cube", ElementType.FLOAT32, Shape.of(2, 3, 4));
    }

    private static Tensor open(GraphBuilder g) {
        Tensor known = g.build().inputs().get("open");
        return known != null ? known : g.input("open", ElementType.FLOAT32, Shape.of("rows", "width"));
    }
}
