package dev.paligemma.onnx;

import dev.paligemma.engine.graph.AttentionSpec;
import java.util.Objects;

/**
 * The names of the inputs and outputs through which keys and values enter and leave a program.
 *
 * <p>A cache of S sequences has two parts. The prefix part {@code float32[S or 1, kvHeads, P, headDim]} is written once,
 * by the first run, straight into its place; sequences with a common prefix share it. The generated part
 * {@code float32[S, kvHeads, C, headDim]} has room for C rows, of which the bias hides the unused. A later run returns the
 * keys and values of its one row per sequence, {@code float32[S, kvHeads, 1, headDim]}.
 *
 * @param cache the name of the cache in the graph
 */
record CacheNames(String cache) {
    /** The names of a cached attention. */
    static CacheNames of(AttentionSpec cached) {
        return new CacheNames(Objects.requireNonNull(cached.cache(), "an attention without a cache has no names"));
    }

    /** {@code float32[S, 1, 1, P + C + 1]}, added to the scores of full attention: 0 for visible rows. */
    static final String BIAS = "attention.bias";

    /** The same for attention with a sliding window. */
    static final String WINDOW_BIAS = "attention.window_bias";

    String prefixKeys() {
        return cache + ".prefix.keys";
    }

    String prefixValues() {
        return cache + ".prefix.values";
    }

    String generatedKeys() {
        return cache + ".generated.keys";
    }

    String generatedValues() {
        return cache + ".generated.values";
    }

    String newKeys() {
        return cache + ".new.keys";
    }

    String newValues() {
        return cache + ".new.values";
    }
}
