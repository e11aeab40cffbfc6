package dev.paligemma.engine.training;

import java.util.Map;
import java.util.Objects;

/**
 * How a training program keeps what it does not train, and what it trades for memory. Immutable.
 *
 * @param frozen how matrices are kept that are not trained
 * @param recompute whether a block of the network is computed again in the backward pass, which costs half of the forward
 *     pass once more and keeps one row of activations for each block instead of all
 * @param headRows how many rows of logits exist at once, at least 1
 * @param dropout for a graph input that is the matrix of a product: with which probability a number of the rows that enter
 *     this product is dropped, from 0 on and below 1; the others grow by {@code 1 / (1 - p)}
 */
public record TrainingOptions(FrozenFormat frozen, boolean recompute, int headRows, Map<String, Float> dropout) {
    /** Copies the map; an {@link IllegalArgumentException} if a number is out of range. */
    public TrainingOptions {
        Objects.requireNonNull(frozen, "frozen");
        dropout = Map.copyOf(dropout);
        if (headRows < 1) {
            throw new IllegalArgumentException("headRows must be at least 1, got " + headRows);
        }
        dropout.forEach((input, probability) -> {
            if (!(probability >= 0 && probability < 1)) {
                throw new IllegalArgumentException(
                        "dropout of " + input + " must be from 0 on and below 1, got " + probability);
            }
        });
    }

    /** Everything in float32, all activations kept, 256 rows of logits, no dropout. */
    public static TrainingOptions defaults() {
        return new TrainingOptions(FrozenFormat.FLOAT32, false, 256, Map.of());
    }

    /** The same with frozen matrices kept in this way. */
    public TrainingOptions withFrozen(FrozenFormat other) {
        return new TrainingOptions(other, recompute, headRows, dropout);
    }

    /** The same with or without computing blocks again. */
    public TrainingOptions withRecompute(boolean on) {
        return new TrainingOptions(frozen, on, headRows, dropout);
    }

    /** The same with at most so many rows of logits at once, at least 1. */
    public TrainingOptions withHeadRows(int rows) {
        return new TrainingOptions(frozen, recompute, rows, dropout);
    }

    /** The same with other dropout. */
    public TrainingOptions withDropout(Map<String, Float> other) {
        return new TrainingOptions(frozen, recompute, headRows, other);
    }
}
