package dev.paligemma.constraint;

/**
 * A token that could have been written, and how likely the model thought it. Immutable.
 *
 * @param id the token
 * @param logProbability the natural logarithm of its probability, from a softmax over the raw logits; at most 0
 */
public record TokenLogProbability(int id, double logProbability) {
    /** Checks the figures; an {@link IllegalArgumentException} if the id is negative or a figure is out of its range. */
    public TokenLogProbability {
        if (id < 0) {
            throw new IllegalArgumentException("a token id must not be negative, but is " + id);
        }
        if (!(logProbability <= 0)) {
            throw new IllegalArgumentException("logProbability must be at most 0, not " + logProbability);
        }
    }
}
