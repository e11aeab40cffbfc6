package dev.paligemma.onnx;

import dev.paligemma.engine.graph.AttentionSpec;
import java.util.List;
import java.util.Objects;

/**
 * The names of the inputs and outputs through which keys and values enter and leave a program.
 *
 * <p>A cache of S sequences has two parts. The prefix part {@code float32[S or 1, kvHeads, P, headDim]} is written once,
 * by the first run, straight into its place; sequences with a common prefix share it. The generated part
 * {@code float32[S, kvHeads, C, headDim]} has room for C rows, of which the bias hides the unused. A later run returns the
 * keys and values of its one row per sequence, {@code float32[S, kvHeads, 1, headDim]}.
 *
 * @param keys the names for keys
 * @param values the names for values
 */
record CacheNames(Names keys, Names values) {
    /** {@code float32[S, 1, 1, P + C + 1]}, added to the scores of full attention: 0 for visible rows. */
    static final String BIAS = "attention.bias";

    /** The same for attention with a sliding window. */
    static final String WINDOW_BIAS = "attention.window_bias";

    /** The names of the two parts, and of the rows that a run returns. */
    record Names(String prefix, String generated, String added) {
        private static Names of(String cache, String what) {
            return new Names(cache + ".prefix." + what, cache + ".generated." + what, cache + ".new." + what);
        }

        List<String> all() {
            return List.of(prefix, generated, added);
        }
    }

    /** The names of a cached attention. */
    static CacheNames of(AttentionSpec cached) {
        String cache = Objects.requireNonNull(cached.cache(), "an attention without a cache has no names");
        return new CacheNames(Names.of(cache, "keys"), Names.of(cache, "values"));
    }
}
