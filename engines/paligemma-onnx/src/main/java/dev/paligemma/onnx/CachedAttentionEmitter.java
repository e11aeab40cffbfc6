package dev.paligemma.onnx;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.onnx.internal.Attribute;
import dev.paligemma.onnx.internal.OnnxGraph;
import dev.paligemma.onnx.internal.OnnxType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes attention with a key/value cache: bidirectional over the prefix of one sequence in the first run, one row of each
 * sequence over everything before it in later runs. Attention without a cache, over all rows of one sequence, is a first run
 * after which nothing is kept. Confined to one thread.
 *
 * <p>Both are branches of one ONNX {@code If}, so that one program, with one copy of the weights, does both. Letters: S
 * sequences, T rows of each in this run (S or T is 1), P rows of the prefix, C room for generated rows, K key/value heads,
 * G query heads per key/value head, h width of a head. Queries are laid out as {@code [S, K, T * G, h]}, so that the G
 * heads that share keys are rows of one matrix product.
 *
 * <p>Nothing is concatenated with the cache: scores are computed per part and joined, which is small, and the weighted
 * sums of the parts are added.
 */
final class CachedAttentionEmitter {
    /** In a shape, the size that is there already. */
    private static final long KEEP = 0;

    private static final long[] SWAP_MIDDLE = {0, 2, 1, 3};

    private final OnnxGraph graph;
    private final Phase phase;
    private final int scoreRows;
    private final Map<String, String> constants = new HashMap<>();
    private final String isPrefix;
    private final String partSizes;

    /**
     * Declares the inputs and outputs of all caches; of none, only for {@link Phase#PREFIX}.
     *
     * @param phase which runs the graph serves
     * @param scoreRows how many rows of scores are held at once in the first run, over all heads
     */
    CachedAttentionEmitter(OnnxGraph graph, List<AttentionSpec> caches, Phase phase, int scoreRows) {
        this.graph = graph;
        this.phase = phase;
        this.scoreRows = scoreRows;
        for (AttentionSpec spec : caches) {
            CacheNames names = CacheNames.of(spec);
            for (String keysOrValues :
                    List.of(names.keys().added(), names.values().added())) {
                graph.output(keysOrValues, OnnxType.FLOAT, "sequences", spec.kvHeads(), "rows", spec.headDim());
            }
        }
        if (phase == Phase.PREFIX) {
            isPrefix = "";
            partSizes = "";
            return;
        }
        for (AttentionSpec spec : caches) {
            CacheNames names = CacheNames.of(spec);
            for (String keysOrValues :
                    List.of(names.keys().prefix(), names.values().prefix())) {
                graph.input(keysOrValues, OnnxType.FLOAT, "prefixes", spec.kvHeads(), "prefix", spec.headDim());
            }
            for (String keysOrValues :
                    List.of(names.keys().generated(), names.values().generated())) {
                graph.input(keysOrValues, OnnxType.FLOAT, "sequences", spec.kvHeads(), "capacity", spec.headDim());
            }
        }
        graph.input(CacheNames.BIAS, OnnxType.FLOAT, "sequences", 1, 1, "visible");
        graph.input(CacheNames.WINDOW_BIAS, OnnxType.FLOAT, "sequences", 1, 1, "visible");
        CacheNames first = CacheNames.of(caches.get(0));
        String prefixRows = rows(graph, first.keys().prefix());
        isPrefix = phase == Phase.EVERY_RUN ? graph.op("Equal", List.of(prefixRows, integers(0))) : "";
        partSizes = graph.op(
                "Concat",
                List.of(prefixRows, rows(graph, first.keys().generated()), integers(1)),
                Attribute.of("axis", 0));
    }

    /** All windowed attentions share one bias. */
    static void requireOneWindow(List<AttentionSpec> caches) {
        List<Integer> windows = caches.stream()
                .map(AttentionSpec::window)
                .filter(window -> window > 0)
                .distinct()
                .toList();
        if (windows.size() > 1) {
            throw new EngineException("engine 'onnx' supports one window in a graph, got windows " + windows);
        }
    }

    /**
     * Writes one attention of {@code q[S * T, K * G * h]}, {@code k[S * T, K * h]}, {@code v[S * T, K * h]}; gives
     * {@code [S * T, K * G * h]}.
     */
    String emit(AttentionSpec spec, String q, String k, String v) {
        int heads = spec.kvHeads();
        int groups = spec.heads() / spec.kvHeads();
        int width = spec.headDim();
        String keys = headsFirst(k, heads, 1, width);
        String values = headsFirst(v, heads, 1, width);
        String queries = headsFirst(q, heads, groups, width);
        String mixed = spec.cache() == null
                ? emitPrefix(graph, spec, queries, keys, values)
                : emitCached(spec, queries, keys, values);
        if (heads == 1) {
            return graph.op("Reshape", List.of(mixed, integers(-1, (long) groups * width)));
        }
        String byHead = graph.op("Reshape", List.of(mixed, integers(KEEP, heads, -1, (long) groups * width)));
        String byToken = graph.op("Transpose", List.of(byHead), Attribute.of("perm", SWAP_MIDDLE));
        return graph.op("Reshape", List.of(byToken, integers(-1, (long) heads * groups * width)));
    }

    private String emitCached(AttentionSpec spec, String queries, String keys, String values) {
        CacheNames names = CacheNames.of(spec);
        graph.alias(keys, names.keys().added());
        graph.alias(values, names.values().added());
        return switch (phase) {
            case PREFIX -> emitPrefix(graph, spec, queries, keys, values);
            case NEXT -> emitNext(graph, spec, queries, names);
            case EVERY_RUN -> emitEither(spec, queries, names);
        };
    }

    /** Decides while running. */
    private String emitEither(AttentionSpec spec, String queries, CacheNames names) {
        OnnxGraph prefix = graph.enclosed("prefix");
        prefix.alias(
                emitPrefix(
                        prefix,
                        spec,
                        queries,
                        names.keys().added(),
                        names.values().added()),
                "prefix.mixed");
        prefix.output("prefix.mixed", OnnxType.FLOAT, "sequences", spec.kvHeads(), "query_rows", spec.headDim());
        OnnxGraph next = graph.enclosed("next");
        next.alias(emitNext(next, spec, queries, names), "next.mixed");
        next.output("next.mixed", OnnxType.FLOAT, "sequences", spec.kvHeads(), "query_rows", spec.headDim());
        return graph.op(
                "If", List.of(isPrefix), Attribute.of("then_branch", prefix), Attribute.of("else_branch", next));
    }

    /** {@code [S * T, K * G * h]} to {@code [S, K, T * G, h]}; with one key/value head that moves nothing. */
    private String headsFirst(String rows, int heads, int groups, int width) {
        if (heads == 1) {
            return graph.op("Reshape", List.of(rows, byPhase(new long[] {1, 1, -1, width}, new long[] {
                -1, 1, groups, width
            })));
        }
        long together = (long) groups * width;
        String byToken = graph.op("Reshape", List.of(rows, byPhase(new long[] {1, -1, heads, together}, new long[] {
            -1, 1, heads, together
        })));
        String byHead = graph.op("Transpose", List.of(byToken), Attribute.of("perm", SWAP_MIDDLE));
        return graph.op("Reshape", List.of(byHead, integers(KEEP, heads, -1, width)));
    }

    /** One shape in the first run, another in later ones. */
    private String byPhase(long[] first, long[] later) {
        return switch (phase) {
            case PREFIX -> integers(first);
            case NEXT -> integers(later);
            case EVERY_RUN -> {
                List<String> either = List.of(isPrefix, integers(first), integers(later));
                yield constants.computeIfAbsent("shape of " + either, key -> graph.op("Where", either));
            }
        };
    }

    /** All rows attend to all rows of this run, a block of query rows at a time so that the scores stay small. */
    private String emitPrefix(
            OnnxGraph branch, AttentionSpec spec, String queries, String keysByHead, String valuesByHead) {
        int heads = spec.kvHeads();
        int width = spec.headDim();
        int limit = Math.max(1, scoreRows / heads);
        String oneSequence = integers(heads, -1, width);
        String own = branch.op("Reshape", List.of(queries, oneSequence));
        String keys = branch.op("Reshape", List.of(keysByHead, oneSequence));
        String values = branch.op("Reshape", List.of(valuesByHead, oneSequence));
        // n = ceil(R / limit) blocks of r = ceil(R / n) rows; the queries are padded to n * r rows.
        String total = rows(branch, queries);
        String blocks = ceilDiv(branch, total, integers(limit));
        String blockRows = ceilDiv(branch, total, blocks);
        String padding = branch.op("Sub", List.of(branch.op("Mul", List.of(blocks, blockRows)), total));
        String pads = branch.op("Concat", List.of(integers(0, 0, 0, 0), padding, integers(0)), Attribute.of("axis", 0));
        String blockShape = branch.op(
                "Concat", List.of(integers(heads), blocks, blockRows, integers(width)), Attribute.of("axis", 0));
        String blocked = branch.op("Reshape", List.of(branch.op("Pad", List.of(own, pads)), blockShape));

        OnnxGraph body = branch.enclosed("block");
        body.input("block.index", OnnxType.INT64);
        body.input("block.continue_in", OnnxType.BOOL);
        String block = body.op("Gather", List.of(blocked, "block.index"), Attribute.of("axis", 1));
        String scores = capped(body, spec, scores(body, spec, block, keys));
        String probabilities = body.op("Softmax", List.of(scores), Attribute.of("axis", -1));
        body.alias("block.continue_in", "block.continue_out");
        body.alias(body.op("MatMul", List.of(probabilities, values)), "block.mixed");
        body.output("block.continue_out", OnnxType.BOOL);
        body.output("block.mixed", OnnxType.FLOAT, heads, "block_rows", width);

        String trips = branch.op("Squeeze", List.of(blocks, integers(0)));
        String stacked = branch.op("Loop", List.of(trips, ""), Attribute.of("body", body));
        String byHead = branch.op("Transpose", List.of(stacked), Attribute.of("perm", new long[] {1, 0, 2, 3}));
        String joined = branch.op("Reshape", List.of(byHead, integers(heads, -1, width)));
        String mixed = branch.op("Slice", List.of(joined, integers(0), total, integers(1)));
        return branch.op("Reshape", List.of(mixed, integers(1, heads, -1, width)));
    }

    /** One row of each sequence attends to its prefix, to its generated rows and to itself. */
    private String emitNext(OnnxGraph branch, AttentionSpec spec, String queries, CacheNames names) {
        List<String> keys = names.keys().all();
        List<String> values = names.values().all();
        String joined = branch.op(
                "Concat",
                keys.stream().map(part -> scores(branch, spec, queries, part)).toList(),
                Attribute.of("axis", -1));
        String bias = spec.window() > 0 ? CacheNames.WINDOW_BIAS : CacheNames.BIAS;
        String scores = branch.op("Add", List.of(capped(branch, spec, joined), bias));
        String probabilities = branch.op("Softmax", List.of(scores), Attribute.of("axis", -1));
        List<String> parts = branch.ops("Split", 3, List.of(probabilities, partSizes), Attribute.of("axis", -1));
        String sum = branch.op("MatMul", List.of(parts.get(0), values.get(0)));
        for (int part = 1; part < parts.size(); part++) {
            sum = branch.op("Add", List.of(sum, branch.op("MatMul", List.of(parts.get(part), values.get(part)))));
        }
        return sum;
    }

    /** {@code scale * q k^T}, divided by the soft-cap if there is one. */
    private static String scores(OnnxGraph in, AttentionSpec spec, String queries, String keys) {
        float factor = spec.softcap() == 0 ? spec.scale() : spec.scale() / spec.softcap();
        return in.microsoft(
                "FusedMatMul", List.of(queries, keys), Attribute.of("transB", 1), Attribute.of("alpha", factor));
    }

    /** {@code cap * tanh(s)} of scores already divided by the cap. */
    private String capped(OnnxGraph in, AttentionSpec spec, String scores) {
        if (spec.softcap() == 0) {
            return scores;
        }
        String cap = constants.computeIfAbsent(
                "softcap " + spec.softcap(), key -> graph.constant(key, new float[] {spec.softcap()}));
        return in.op("Mul", List.of(in.op("Tanh", List.of(scores)), cap));
    }

    /** The third size of a tensor {@code [S, K, R, h]}, as a vector of one. */
    private static String rows(OnnxGraph in, String tensor) {
        return in.op("Shape", List.of(tensor), Attribute.of("start", 2), Attribute.of("end", 3));
    }

    private String ceilDiv(OnnxGraph in, String numerator, String denominator) {
        String raised = in.op("Add", List.of(numerator, in.op("Sub", List.of(denominator, integers(1)))));
        return in.op("Div", List.of(raised, denominator));
    }

    private String integers(long... values) {
        return constants.computeIfAbsent("attention " + Arrays.toString(values), key -> graph.constant(key, values));
    }
}
