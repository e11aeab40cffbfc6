package dev.paligemma.engine.contract;

import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.training.SequenceRows;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainedParts.InverseNorm;
import dev.paligemma.engine.training.TrainingBatch;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A small network in which everything is trained, so that a gradient has to come through the operation it is about: rows
 * of a table, the operation, and a head to {@value #TOKENS} tokens. Immutable.
 *
 * @param name what it is about
 * @param graph from {@code ids} to {@code logits} of the rows {@code ends}
 * @param parts all of its weights, and inputs
 */
record TrainingCase(String name, Graph graph, TrainedParts parts) {
    static final int TOKENS = 7;
    private static final int WIDTH = 8;
    private static final Dim ROWS = Dim.symbol("T");
    private static final Dim ENDS = Dim.symbol("R");

    /** The input of which each row has a token. */
    static final String IDS = "ids";

    /** Two sequences, of which one has only one row behind its prefix. */
    static final List<SequenceRows> SEQUENCES = List.of(new SequenceRows(6, 3), new SequenceRows(3, 2));

    @Override
    public String toString() {
        return name;
    }

    /** A network of which the part between table and head is given. */
    private static TrainingCase of(String name, BiFunction<GraphBuilder, Tensor, Tensor> middle) {
        return of(name, Map.of(), Map.of(), middle);
    }

    private static TrainingCase of(
            String name,
            Map<String, List<Long>> inputs,
            Map<String, InverseNorm> norms,
            BiFunction<GraphBuilder, Tensor, Tensor> middle) {
        GraphBuilder builder = new GraphBuilder(name);
        Tensor ids = builder.input(IDS, ElementType.INT64, Shape.of(ROWS));
        Tensor ends = builder.input("ends", ElementType.INT64, Shape.of(ENDS));
        Tensor rows = middle.apply(builder, builder.embedding(ids, weight("table", TOKENS)));
        Tensor logits = builder.linear(builder.gatherRows(rows, ends), linear("head", TOKENS, false));
        builder.output("likely", builder.argMax(logits));
        builder.output("likelihood", builder.largestLogProbability(logits));
        builder.output("logits", logits);
        Graph graph = builder.build();
        Set<String> weights = new LinkedHashSet<>();
        graph.weights().forEach(weight -> weights.add(weight.name()));
        norms.values().forEach(norm -> weights.remove(norm.weight()));
        return new TrainingCase(name, graph, new TrainedParts(weights, inputs, norms, Set.of("head.weight")));
    }

    private static Weight weight(String name, int rows) {
        return Weight.of(name, rows, WIDTH);
    }

    private static LinearWeights linear(String name, int out, boolean bias) {
        return new LinearWeights(weight(name + ".weight", out), bias ? Weight.of(name + ".bias", out) : null);
    }

    /** Every operation through which a gradient goes, attention in each of its forms, and what an adapter adds. */
    static List<TrainingCase> all() {
        return List.of(
                tied(),
                of("linear", (b, x) -> b.linear(x, linear("w", WIDTH, true))),
                of("layer norm", (b, x) -> b.layerNorm(x, Weight.of("gamma", WIDTH), Weight.of("beta", WIDTH), 1e-6f)),
                of("rms norm", (b, x) -> b.rmsNorm(x, Weight.of("w", WIDTH), 1e-6f)),
                of("gelu", (b, x) -> b.gelu(x)),
                of("soft-cap", (b, x) -> b.softcap(x, 0.8f)),
                of("scale", (b, x) -> b.scale(x, -1.5f)),
                of("add, multiply, parameter", (b, x) -> {
                    Tensor sum = b.add(x, b.parameter(Weight.of("bias", WIDTH)));
                    return b.multiply(b.multiply(sum, x), b.parameter(Weight.of("factor", WIDTH)));
                }),
                of("rope", TrainingCase::rotated),
                of("reshape, transpose", (b, x) -> {
                    Tensor heads = b.transpose(b.reshape(x, Shape.of(ROWS, 2, WIDTH / 2)), 0, 2, 1);
                    return b.linear(b.reshape(heads, Shape.of(ROWS, WIDTH)), linear("w", WIDTH, false));
                }),
                of("concatenated rows", (b, x) -> {
                    Tensor both = b.concatRows(b.gelu(x), b.scale(x, 2), Dim.symbol("T + T"));
                    return b.gatherRows(both, b.input("picked", ElementType.INT64, Shape.of(ROWS)));
                }),
                of(
                        "attention within sequences",
                        (b, x) -> attention(b, x, AttentionSpec.withinSequences(2, 4, 0.7f, 3))),
                cached("cached attention", 2, 0, 0),
                cached("shared key", 1, 0, 0),
                cached("capped scores", 2, 0.9f, 0),
                cached("window", 1, 0, 2),
                adapter(false),
                adapter(true),
                decoder());
    }

    static TrainingCase named(String name) {
        return all().stream().filter(test -> test.name.equals(name)).findFirst().orElseThrow();
    }

    /** One weight as table and as head. */
    private static TrainingCase tied() {
        return of("tied table", (b, x) -> {
            Weight table = weight("table", TOKENS);
            Tensor scores = b.linear(b.scale(x, 0.5f), new LinearWeights(table, null));
            return b.linear(b.softcap(scores, 3), new LinearWeights(Weight.of("back", WIDTH, TOKENS), null));
        });
    }

    private static Tensor rotated(GraphBuilder b, Tensor x) {
        Shape angles = Shape.of(ROWS, WIDTH / 4);
        Tensor cos = b.input("cos", ElementType.FLOAT32, angles);
        return b.rope(x, cos, b.input("sin", ElementType.FLOAT32, angles), 2);
    }

    private static Tensor attention(GraphBuilder b, Tensor x, AttentionSpec spec) {
        int keys = spec.kvHeads() * spec.headDim();
        String prefix = spec.cache() == null ? "" : spec.cache() + ".";
        Tensor q = b.linear(x, linear(prefix + "q", WIDTH, false));
        Tensor k = b.linear(x, linear(prefix + "k", keys, false));
        Tensor v = b.linear(x, linear(prefix + "v", keys, false));
        return b.attention(q, k, v, spec);
    }

    private static AttentionSpec spec(String cache, int kvHeads, float softcap, int window) {
        return new AttentionSpec(2, kvHeads, WIDTH / 2, 0.9f, softcap, 0, cache, window);
    }

    private static TrainingCase cached(String name, int kvHeads, float softcap, int window) {
        return of(name, (b, x) -> attention(b, x, spec("kv", kvHeads, softcap, window)));
    }

    /** LoRA, and DoRA: a frozen product, two trained matrices, and a trained magnitude over the norms of rows. */
    private static TrainingCase adapter(boolean magnitudes) {
        Map<String, List<Long>> inputs = new LinkedHashMap<>();
        inputs.put("down", List.of(2L, (long) WIDTH));
        inputs.put("up", List.of((long) WIDTH, 2L));
        if (!magnitudes) {
            return of("adapter", inputs, Map.of(), TrainingCase::adapted);
        }
        inputs.put("magnitude", List.of((long) WIDTH));
        Map<String, InverseNorm> norms = Map.of("inverse", new InverseNorm("frozen.weight", "down", "up", 1.5f));
        return of("adapter with magnitudes", inputs, norms, (b, x) -> {
            Tensor magnitude = b.input("magnitude", ElementType.FLOAT32, Shape.of(WIDTH));
            Tensor inverse = b.input("inverse", ElementType.FLOAT32, Shape.of(WIDTH));
            return b.multiply(adapted(b, x), b.multiply(magnitude, inverse));
        });
    }

    private static Tensor adapted(GraphBuilder b, Tensor x) {
        Tensor down = b.input("down", ElementType.FLOAT32, Shape.of(2, WIDTH));
        Tensor up = b.input("up", ElementType.FLOAT32, Shape.of(WIDTH, 2));
        Tensor added = b.scale(b.product(b.product(x, down), up), 1.5f);
        return b.add(b.linear(x, linear("frozen", WIDTH, false)), added);
    }

    /** Two blocks with marks between them, as a decoder has, which an engine may compute again one by one. */
    private static TrainingCase decoder() {
        return of("decoder", (b, x) -> {
            Tensor rows = x;
            b.mark("embeddings", rows);
            for (int layer = 0; layer < 2; layer++) {
                String scope = "layers." + layer;
                Tensor before = rows;
                rows = b.scope(scope, () -> {
                    Tensor normed = b.rmsNorm(before, Weight.of(scope + ".norm", WIDTH), 1e-6f);
                    Tensor seen = b.add(before, attention(b, normed, spec(scope, 1, 4, 0)));
                    return b.add(seen, b.gelu(b.linear(seen, linear(scope + ".mlp", WIDTH, true))));
                });
                b.mark(scope, rows);
            }
            return rows;
        });
    }

    /** Both sequences; every row has a target. */
    TrainingBatch batch() {
        return batch(IntStream.range(0, 9).map(i -> i * 5 % TOKENS).toArray(), SEQUENCES);
    }

    /** Sequences of these tokens; each row should write the token two further, and counts differently, the second nothing. */
    TrainingBatch batch(int[] ids, List<SequenceRows> sequences) {
        HostTensor factors = HostTensor.allocate(ElementType.FLOAT32, ids.length);
        for (int row = 0; row < ids.length; row++) {
            factors.floats().put(row, row == 1 ? 0 : 0.1f + 0.05f * (row % 4));
        }
        return new TrainingBatch(
                inputs(ids),
                HostTensor.ofLongs(
                        Arrays.stream(ids).mapToLong(id -> (id + 2) % TOKENS).toArray()),
                factors,
                sequences,
                1);
    }

    /** What the graph asks for besides what is trained. */
    private Map<String, HostTensor> inputs(int[] ids) {
        Map<String, HostTensor> inputs = new HashMap<>();
        for (String input : graph.inputs().keySet()) {
            @Nullable
            HostTensor given = switch (input) {
                case IDS -> HostTensor.ofLongs(Arrays.stream(ids).asLongStream().toArray());
                case "ends" ->
                    HostTensor.ofLongs(
                            IntStream.range(0, ids.length).asLongStream().toArray());
                case "picked" ->
                    HostTensor.ofLongs(IntStream.range(0, ids.length)
                            .mapToLong(row -> row * 3 % (2 * ids.length))
                            .toArray());
                case "cos", "sin" -> angles(input, ids.length);
                default -> null;
            };
            if (given != null) {
                inputs.put(input, given);
            }
        }
        return inputs;
    }

    private static HostTensor angles(String function, int rows) {
        HostTensor angles = HostTensor.allocate(ElementType.FLOAT32, rows, WIDTH / 4);
        for (int i = 0; i < rows * WIDTH / 4; i++) {
            double angle = 0.3 * (i / 2 + 1) / (1 + i % 2);
            angles.floats().put(i, (float) (function.equals("cos") ? Math.cos(angle) : Math.sin(angle)));
        }
        return angles;
    }
}
