package dev.paligemma.constraint;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One written token and what the model thought of it. Immutable and thread-safe.
 *
 * @param id the token
 * @param logProbability the natural logarithm of its probability, from a softmax over the raw logits; at most 0
 * @param removedMass the share of the probability that a constraint forbade at this step, 0 to 1; 0 without a constraint
 * @param location how likely each location was, from the same softmax; empty unless the token is a location
 * @param mostLikely the likeliest tokens at this place, from the same softmax, the best first and the lowest id first among equals, whether
 *     the written one is among them or not; as many as the request asked for, none by default
 */
public record GeneratedToken(
        int id,
        double logProbability,
        double removedMass,
        Optional<LocationDistribution> location,
        List<TokenLogProbability> mostLikely) {
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
        Objects.requireNonNull(location, "location");
        mostLikely = List.copyOf(mostLikely);
    }

    /** A token of which it is not known what else was likely. */
    public GeneratedToken(int id, double logProbability, double removedMass, Optional<LocationDistribution> location) {
        this(id, logProbability, removedMass, location, List.of());
    }

    /** A token that was written freely and is no location, or of whose location nothing more is known. */
    public static GeneratedToken of(int id, double logProbability) {
        return new GeneratedToken(id, logProbability, 0, Optional.empty());
    }

    /** The probability of the token, from 0 to 1. */
    public double probability() {
        return Math.exp(logProbability);
    }

    /**
     * The mean location, in codes (1/1024 of the side), among the 1024 locations alone; NaN unless the token is a
     * location.
     */
    public double locationMean() {
        return location.map(LocationDistribution::mean).orElse(Double.NaN);
    }

    /** The standard deviation of the same distribution, in the same unit; NaN unless the token is a location. */
    public double locationSpread() {
        return location.map(LocationDistribution::deviation).orElse(Double.NaN);
    }
}
