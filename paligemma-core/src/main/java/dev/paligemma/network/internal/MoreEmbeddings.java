package dev.paligemma.network.internal;

import dev.paligemma.checkpoint.adapter.ResizedVocabulary;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The embeddings of tokens that only an adapter has. The decoder takes them as it takes the rows of images, which are not
 * scaled, so that its own table stays as it is. Immutable and thread-safe.
 */
final class MoreEmbeddings {
    private final int first;
    private final int width;
    private final FloatBuffer rows;

    private MoreEmbeddings(ResizedVocabulary vocabulary, int first) {
        this.first = first;
        this.width = (int) vocabulary.embedding().shape()[1];
        this.rows = vocabulary.embedding().floats();
    }

    /** Those of an adapter's vocabulary for a model of so many tokens; null if it has none. */
    static @Nullable MoreEmbeddings of(@Nullable ResizedVocabulary vocabulary, int ofModel) {
        return vocabulary == null || vocabulary.more() == 0 ? null : new MoreEmbeddings(vocabulary, ofModel);
    }

    /** Whether the model itself lacks a token. */
    boolean has(int token) {
        return token >= first;
    }

    /** Writes what follows from a token into a row of {@code float32[.., D]}. */
    void copyTo(int token, FloatBuffer destination, int row) {
        float scale = (float) Math.sqrt(width);
        int from = (token - first) * width;
        for (int i = 0; i < width; i++) {
            destination.put(row * width + i, rows.get(from + i) * scale);
        }
    }
}
