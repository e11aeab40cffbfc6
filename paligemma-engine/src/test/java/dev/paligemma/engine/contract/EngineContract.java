package dev.paligemma.engine.contract;

import static dev.paligemma.engine.contract.Tensors.assertClose;
import static dev.paligemma.engine.contract.Tensors.unwritten;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
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
import dev.paligemma.engine.spi.EngineProvider;
import dev.paligemma.engine.spi.Engines;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every engine must compute in single precision, one test for each operation, against values that torch computed in
 * double precision ({@code src/reference/operations/make_goldens.py}).
 *
 * <p>Tolerances are parts of the largest magnitude in a row of the result; 0 where numbers only move.
 */
@ExtendWith(ContractLedger.class)
public abstract class EngineContract extends GoldenContract {
    private static final double EXACT = 0;
    private static final double ROUNDED = 2e-7;
    private static final double SUMMED = 3e-6;
    private static final double NORMALISED = 1e-5;
    private static final double ATTENDED = 1e-5;

    private static final String FC1 = "vision_tower.encoder.layers.0.mlp.fc1";
    private static final String PATCH = "vision_tower.embeddings.patch_embedding";
    private static final Weight POSITIONS = Weight.of("vision_tower.embeddings.position_embedding.weight", 4, 12);
    private static final Weight TABLE = Weight.of("language_model.embed_tokens.weight", 1040, 64);

    @ParameterizedTest
    @EnumSource
    void isMadeInThePrecisionsThatItsProviderOffers(Precision precision) {
        EngineProvider provider = Engines.require(engine.name());
        EngineOptions options = new EngineOptions(Device.CPU, precision, 1);

        if (provider.precisions(Device.Kind.CPU).contains(precision)) {
            assertThat(provider.create(options).options()).isEqualTo(options);
        } else {
            assertThatExceptionOfType(EngineException.class).isThrownBy(() -> provider.create(options));
        }
    }

    @ParameterizedTest
    @EnumSource
    void embedding(Storage storage) {
        check("embedding", storage, EXACT, g -> g.embedding(ids(g), POSITIONS));
    }

    @ParameterizedTest
    @EnumSource
    void embeddingInLargeTable(Storage storage) {
        check("embedding_large", storage, EXACT, g -> g.embedding(ids(g), TABLE));
    }

    @ParameterizedTest
    @EnumSource
    void parameter(Storage storage) {
        check("parameter", storage, EXACT, g -> g.parameter(POSITIONS));
    }

    @ParameterizedTest
    @EnumSource
    void linearWithBias(Storage storage) {
        LinearWeights weights = new LinearWeights(Weight.of(FC1 + ".weight", 20, 12), Weight.of(FC1 + ".bias", 20));
        check("linear_bias", storage, SUMMED, g -> g.linear(rows(g, "x", 12), weights));
    }

    @ParameterizedTest
    @EnumSource
    void linearWithoutBias(Storage storage) {
        LinearWeights weights =
                new LinearWeights(Weight.of("language_model.layers.0.mlp.gate_proj.weight", 24, 64), null);
        check("linear", storage, SUMMED, g -> g.linear(rows(g, "x", 64), weights));
    }

    @ParameterizedTest
    @EnumSource
    void linearWithLargeMatrix(Storage storage) {
        check("linear_large", storage, SUMMED, g -> g.linear(rows(g, "x", 64), new LinearWeights(TABLE, null)));
    }

    @ParameterizedTest
    @EnumSource
    void linearWithConvolutionStoredInFourDimensions(Storage storage) {
        LinearWeights weights = new LinearWeights(Weight.of(PATCH + ".weight", 12, 12), Weight.of(PATCH + ".bias", 12));
        check("linear_patches", storage, SUMMED, g -> g.linear(rows(g, "x", 12), weights));
    }

    /** The table of the tokens is the matrix of the logits, too. */
    @ParameterizedTest
    @EnumSource
    void oneWeightInTwoOperations(Storage storage) {
        GraphBuilder g = new GraphBuilder("tied");
        g.output("embedded", g.embedding(ids(g), TABLE));
        g.output("logits", g.linear(rows(g, "x", 64), new LinearWeights(TABLE, null)));
        HostTensor embedded = unwritten(3, 64);
        HostTensor logits = unwritten(2, 1040);

        try (Program program = engine.compile(g.build(), goldens.weights(storage))) {
            program.run(
                    Map.of("ids", goldens.tensor("embedding_large.ids"), "x", goldens.tensor("linear_large.x")),
                    Map.of("embedded", embedded, "logits", logits));
        }

        assertClose("embedded", embedded, goldens.tensor("embedding_large.y." + storage), tolerance(EXACT));
        assertClose("logits", logits, goldens.tensor("linear_large.y." + storage), tolerance(SUMMED));
    }

    @ParameterizedTest
    @EnumSource
    void layerNorm(Storage storage) {
        check("layer_norm", storage, NORMALISED, g -> layerNorm(g, rows(g, "x", 12), 1e-5f));
    }

    @ParameterizedTest
    @EnumSource
    void layerNormOverLastOfThreeAxes(Storage storage) {
        check("layer_norm_rank3", storage, NORMALISED, g -> layerNorm(g, input(g, "x", "images", 3, 12), 1e-6f));
    }

    @ParameterizedTest
    @EnumSource
    void rmsNorm(Storage storage) {
        Weight weight = Weight.of("language_model.norm.weight", 64);
        check("rms_norm", storage, NORMALISED, g -> g.rmsNorm(rows(g, "x", 64), weight, 1e-6f));
    }

    @Test
    void gelu() {
        check("gelu", 1e-6, g -> g.gelu(rows(g, "x", 5)));
    }

    @Test
    void rope() {
        check("rope", ROUNDED * 2, g -> g.rope(rows(g, "x", 24), rows(g, "cos", 4), rows(g, "sin", 4), 3));
        check("rope_one_head", ROUNDED * 2, g -> g.rope(rows(g, "x", 6), rows(g, "cos", 3), rows(g, "sin", 3), 1));
        check("rope_one_row", ROUNDED * 2, g -> g.rope(rows(g, "x", 8), rows(g, "cos", 2), rows(g, "sin", 2), 2));
    }

    @Test
    void attentionWithinSequences() {
        checkAttention("attention", AttentionSpec.withinSequences(3, 4, 0.4f, 5));
        checkAttention("attention_long", AttentionSpec.withinSequences(2, 8, 0.4f, 40));
        checkAttention("attention_one_row", AttentionSpec.withinSequences(2, 4, 0.4f, 1));
    }

    @Test
    void attentionWithinOneSequenceOfAllRows() {
        checkAttention("attention_large_scores", new AttentionSpec(2, 2, 4, 0.4f, 0, 0, null, 0));
    }

    @Test
    void softcap() {
        check("softcap", 1e-6, g -> g.softcap(rows(g, "x", 4), 30));
    }

    @Test
    void mostLikelyChoice() {
        GraphBuilder builder = new GraphBuilder("choice");
        Tensor x = rows(builder, "x", 1040);
        builder.output("index", builder.argMax(x));
        builder.output("log_probability", builder.largestLogProbability(x));
        HostTensor expected = goldens.tensor("choice.log_probability");
        HostTensor index = HostTensor.allocate(ElementType.INT64, expected.shape());
        HostTensor got = unwritten(expected.shape());

        try (Program program = engine.compile(builder.build(), goldens.weights(Storage.FLOAT32))) {
            program.run(Map.of("x", goldens.tensor("choice.x")), Map.of("index", index, "log_probability", got));
        }

        assertThat(index.longs()).isEqualTo(goldens.tensor("choice.index").longs());
        assertClose("log_probability", got, expected, tolerance(1e-6));
    }

    @Test
    void add() {
        check("add", ROUNDED, g -> g.add(input(g, "a", "n", 4, 5), input(g, "b", "n", 4, 5)));
    }

    @Test
    void addRepeatsWhatLacksLeadingAxes() {
        check("add_last_two", ROUNDED, g -> g.add(input(g, "a", "n", 4, 5), input(g, "b", 4, 5)));
        check("add_last", ROUNDED, g -> g.add(input(g, "a", "n", 4, 5), input(g, "b", 5)));
    }

    @Test
    void multiply() {
        check("multiply", ROUNDED, g -> g.multiply(input(g, "a", "n", 4, 5), input(g, "b", "n", 4, 5)));
        check("multiply_last", ROUNDED, g -> {
            Tensor factors = g.input("b", ElementType.FLOAT32, Shape.of(24));
            return g.multiply(rows(g, "a", 24), factors);
        });
    }

    @Test
    void productWithMatricesWhoseSizeOnlyARunKnows() {
        check("product", SUMMED, g -> {
            Tensor down = g.input("a", ElementType.FLOAT32, Shape.of("rank", 40));
            Tensor up = g.input("b", ElementType.FLOAT32, Shape.of(24, "rank"));
            return g.product(g.product(rows(g, "x", 40), down), up);
        });
    }

    @Test
    void scale() {
        check("scale", ROUNDED, g -> g.scale(input(g, "x", "n", 4, 5), -0.37f));
    }

    @Test
    void reshape() {
        check("reshape", EXACT, g -> g.reshape(rows(g, "x", 12), Shape.of("rows", 3, 4)));
        check("reshape_rows", EXACT, g -> g.reshape(input(g, "x", "n", 3, 4), Shape.of("rows", 4)));
    }

    @Test
    void transpose() {
        check("transpose", EXACT, g -> g.transpose(input(g, "x", "n", 3, 4), 2, 0, 1));
        check("transpose_rank6", EXACT, g -> g.transpose(input(g, "x", "n", 3, 2, 2, 3, 2), 0, 2, 4, 1, 3, 5));
    }

    @Test
    void concatRows() {
        checkConcat("concat_rows");
    }

    @Test
    void concatRowsWithEmptyPart() {
        checkConcat("concat_rows_empty_first");
        checkConcat("concat_rows_empty_second");
    }

    @Test
    void gatherRows() {
        check(
                "gather_rows",
                EXACT,
                g -> g.gatherRows(rows(g, "x", 3), g.input("index", ElementType.INT64, Shape.of("picked"))));
    }

    /** A later run of the decoder has no image rows, and a text of no tokens is possible beside an image. */
    @Test
    void rowOperationsOnNoRows() {
        GraphBuilder g = new GraphBuilder("none");
        Tensor text = g.scale(g.embedding(ids(g), POSITIONS), 2);
        g.output("y", g.concatRows(input(g, "x", "rows", 12), text, Dim.symbol("all")));
        HostTensor x = Tensors.fill(HostTensor.allocate(ElementType.FLOAT32, 2, 12), 3);
        HostTensor y = unwritten(2, 12);

        try (Program program = engine.compile(g.build(), goldens.weights())) {
            program.run(Map.of("x", x, "ids", HostTensor.ofLongs()), Map.of("y", y));
        }

        assertClose("y", y, x, tolerance(EXACT));
    }

    /** A run of the decoder: a prefix, then rows one by one. */
    @ParameterizedTest
    @MethodSource
    void cachedAttention(CachedCase test) {
        HostTensor expected = goldens.tensor(test.golden() + ".y");
        HostTensor got = unwritten(expected.shape());

        try (Program program = engine.compile(test.graph(), goldens.weights());
                DecodingState state = program.newState(0)) {
            test.run(goldens, state, got);
            assertThat(state.length(0)).isEqualTo((int) expected.shape()[0]);
        }

        assertClose(test.golden(), got, expected, tolerance(ATTENDED));
    }

    static Stream<CachedCase> cachedAttention() {
        return CachedCase.all().stream();
    }

    /** Layers with a window and layers without alternate in Gemma 2. */
    @Test
    void windowOfOneCacheLeavesAnotherAlone() {
        CachedCase test = CachedCase.named("window_below_prefix");
        GraphBuilder g = new GraphBuilder("two_caches");
        AttentionSpec windowed = test.spec();
        AttentionSpec full = new AttentionSpec(
                windowed.heads(), windowed.kvHeads(), windowed.headDim(), windowed.scale(), 0, 0, "full", 0);
        Tensor q = rows(g, "q", windowed.heads() * windowed.headDim());
        Tensor k = rows(g, "k", windowed.kvHeads() * windowed.headDim());
        Tensor v = rows(g, "v", windowed.kvHeads() * windowed.headDim());
        g.output("full", g.attention(q, k, v, full));
        g.output("windowed", g.attention(q, k, v, windowed));
        HostTensor expected = goldens.tensor(test.golden() + ".y");
        HostTensor gotWindowed = unwritten(expected.shape());
        HostTensor gotFull = unwritten(expected.shape());

        try (Program program = engine.compile(g.build(), goldens.weights());
                DecodingState state = program.newState(8)) {
            test.run(goldens, state, Map.of("windowed", gotWindowed, "full", gotFull));
        }

        assertClose("windowed", gotWindowed, expected, tolerance(ATTENDED));
        assertClose("full", gotFull, goldens.tensor(test.golden() + ".y_without_window"), tolerance(ATTENDED));
    }

    private void checkAttention(String name, AttentionSpec spec) {
        int width = spec.heads() * spec.headDim();
        check(name, ATTENDED, g -> g.attention(rows(g, "q", width), rows(g, "k", width), rows(g, "v", width), spec));
    }

    private void checkConcat(String name) {
        check(
                name,
                EXACT,
                g -> g.concatRows(input(g, "a", "first", 6), input(g, "b", "second", 6), Dim.symbol("both")));
    }

    private static Tensor layerNorm(GraphBuilder g, Tensor x, float epsilon) {
        String name = "vision_tower.post_layernorm";
        return g.layerNorm(x, Weight.of(name + ".weight", 12), Weight.of(name + ".bias", 12), epsilon);
    }

    private static Tensor ids(GraphBuilder g) {
        return g.input("ids", ElementType.INT64, Shape.of("tokens"));
    }

    private static Tensor rows(GraphBuilder g, String name, int width) {
        return input(g, name, "rows", width);
    }

    private static Tensor input(GraphBuilder g, String name, Object... dims) {
        return g.input(name, ElementType.FLOAT32, Shape.of(dims));
    }

    private void check(String name, double tolerance, Function<GraphBuilder, Tensor> definition) {
        check(name, ".y", Storage.FLOAT32, tolerance, definition);
    }

    private void check(String name, Storage storage, double tolerance, Function<GraphBuilder, Tensor> definition) {
        check(name, ".y." + storage, storage, tolerance, definition);
    }

    /** Runs a graph on the golden inputs of that name, and compares what comes out with the golden result. */
    private void check(
            String name, String suffix, Storage storage, double tolerance, Function<GraphBuilder, Tensor> definition) {
        GraphBuilder builder = new GraphBuilder(name);
        builder.output("y", definition.apply(builder));
        Graph graph = builder.build();
        Map<String, HostTensor> inputs = new HashMap<>();
        for (String input : List.copyOf(graph.inputs().keySet())) {
            inputs.put(input, goldens.tensor(name + "." + input));
        }
        HostTensor expected = goldens.tensor(name + suffix);
        HostTensor got = unwritten(expected.shape());

        try (Program program = engine.compile(graph, goldens.weights(storage))) {
            program.run(inputs, Map.of("y", got));
        }

        assertClose(name, got, expected, tolerance(tolerance));
    }
}
