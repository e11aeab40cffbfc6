package dev.paligemma.engine.graph;

import org.jspecify.annotations.Nullable;

/**
 * What an attention operation does beyond its three inputs. Immutable.
 *
 * <p>Rows are tokens. Query head {@code n} of {@code heads} reads key and value head {@code n / (heads / kvHeads)}. For
 * one head, with {@code q[T, headDim]}, {@code k[S, headDim]} and {@code v[S, headDim]}:
 *
 * <pre>softmax(softcap(scale * q k^T)) v</pre>
 *
 * <p>Who attends to whom:
 *
 * <ul>
 *   <li>without a cache, every row attends to every row of its own sequence;
 *   <li>with a cache, the rows of the first run (the prefix) attend to each other in both directions, and each later run
 *       holds one row of each sequence, which attends to everything before it in that sequence and to itself; with a
 *       window {@code W}, only to the {@code W - 1} rows before it and to itself.
 * </ul>
 *
 * @param heads number of query heads
 * @param kvHeads number of key and value heads; divides {@code heads}
 * @param headDim width of one head
 * @param scale factor on the scores
 * @param softcap the {@code c} of {@code c tanh(s / c)} on the scaled scores; 0 for none
 * @param sequenceLength rows of one sequence, for inputs that hold several sequences one after another; 0 when all rows
 *     are one sequence
 * @param cache the name of the key/value cache, unique within the graph, or null for none
 * @param window the {@code W} above, in tokens; 0 for none
 */
public record AttentionSpec(
        int heads,
        int kvHeads,
        int headDim,
        float scale,
        float softcap,
        int sequenceLength,
        @Nullable String cache,
        int window) {
    /** Checks the numbers. */
    public AttentionSpec {
        if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0) {
            throw new IllegalArgumentException(
                    "query heads must be a multiple of key/value heads, got " + heads + " and " + kvHeads);
        }
        boolean finite = Float.isFinite(scale) && Float.isFinite(softcap);
        if (headDim < 1 || !finite || scale <= 0 || softcap < 0 || sequenceLength < 0 || window < 0) {
            throw new IllegalArgumentException("attention needs headDim >= 1, finite scale > 0, finite softcap >= 0,"
                    + " sequenceLength >= 0 and window >= 0, got " + headDim + ", " + scale + ", " + softcap + ", "
                    + sequenceLength
                    + ", " + window);
        }
        if (cache != null && sequenceLength != 0) {
            throw new IllegalArgumentException("a cached attention holds one sequence, got sequenceLength "
                    + sequenceLength + " for cache " + cache);
        }
        if (cache == null && window != 0) {
            throw new IllegalArgumentException("a window needs a cache, got window " + window + " without one");
        }
    }

    /**
     * Bidirectional attention within sequences of a fixed length of at least 1, with as many key and value heads as query
     * heads.
     */
    public static AttentionSpec withinSequences(int heads, int headDim, float scale, int sequenceLength) {
        return new AttentionSpec(heads, heads, headDim, scale, 0, sequenceLength, null, 0);
    }
}
