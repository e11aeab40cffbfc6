package dev.paligemma.constraint;

/**
 * One written token and what the model thought of it. Immutable and thread-safe.
 *
 * @param id the token
 * @param logProbability the natural logarithm of its probability, from a softmax over the raw logits; at most 0
 * @param removedMass the share of the probability that a constraint forbade at this step, 0 to 1; 0 without a constraint
 * @param locationMean the mean location, in codes (1/1024 of the side), of the softmax over the 1024 location tokens
 *     alone; NaN unless the token is a location
 * @param locationSpread the standard deviation of the same distribution, in the same unit; NaN unless the token is a
 *     location
 */
public record GeneratedToken(
        int id, double logProbability, double removedMass, double locationMean, double locationSpread) {
    /**
     * Checks the figures; an {@link IllegalArgumentException} if the id is negative or a figure is out of its range.
     */
    public GeneratedToken {
        if (id < 0) {
            throw new IllegalArgumentException("a token id must not be negative, but is " + id);
        }
        if (!(logProbability <= 0)) {
            throw new IllegalArgumentException("logProbability must be at most 0, not " + logProbability);
        }
        if (!(removedMass >= 0 && removedMass <= 1)) {
            throw new IllegalArgumentException("removedMass must be 0 to 1, not " + removedMass);
        }
        if (locationMean < 0 || locationMean > 1024) {
            throw new IllegalArgumentException("locationMean must be 0 to 1024 or NaN, not " + locationMean);
        }
        if (locationSpread < 0 || locationSpread > 1024) {
            throw new IllegalArgumentException("locationSpread must be 0 to 1024 or NaN, not " + locationSpread);
        }
    }

    /** A token that was written freely and is no location, or whose location figures are unknown. */
    public static GeneratedToken of(int id, double logProbability) {
        return new GeneratedToken(id, logProbability, 0, Double.NaN, Double.NaN);
    }

    /** The probability of the token, from 0 to 1. */
    public double probability() {
        return Math.exp(logProbability);
    }
}
