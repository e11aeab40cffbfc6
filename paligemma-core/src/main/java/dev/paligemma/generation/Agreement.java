package dev.paligemma.generation;

import java.util.OptionalDouble;

/**
 * How closely one pipeline follows another, as sums that can be added up. Immutable.
 *
 * <p>{@link dev.paligemma.PaliGemmaPipeline#compare(PaliGemmaPipeline, java.util.List, java.util.List, int)} defines the measures.
 *
 * @param positions at how many places both chose a token: the tokens the reference wrote and its end-of-sequence tokens
 * @param sameTokens at how many of them both found the same token the most likely one
 * @param totalKl the sum of the Kullback-Leibler divergences at all positions, in nats
 * @param boxes pairs of boxes and boxes without a partner, in the answers of both
 * @param totalIou the sum of the intersections over unions of all pairs of boxes
 */
public record Agreement(long positions, long sameTokens, double totalKl, long boxes, double totalIou) {
    /** Checks the figures; an {@link IllegalArgumentException} if one is out of its range. */
    public Agreement {
        if (sameTokens < 0 || sameTokens > positions || !(totalKl >= 0) || !(totalIou >= 0 && totalIou <= boxes)) {
            throw new IllegalArgumentException("figures contradict each other: " + sameTokens + " of " + positions
                    + " positions, KL " + totalKl + ", IoU " + totalIou + " over " + boxes + " boxes");
        }
    }

    /**
     * The share of positions at which both found the same token the most likely one, 0 to 1; 1 if there is no position.
     */
    public double tokenAgreement() {
        return positions == 0 ? 1 : (double) sameTokens / positions;
    }

    /**
     * The mean Kullback-Leibler divergence of the other's probabilities from the reference's, in nats, at least 0;
     * infinite if the other excludes what the reference does not.
     */
    public double meanKl() {
        return positions == 0 ? 0 : totalKl / positions;
    }

    /**
     * The mean intersection over union of the boxes; a box without a partner counts 0: from 0 to 1; empty if neither
     * wrote a box.
     */
    public OptionalDouble meanIou() {
        return boxes == 0 ? OptionalDouble.empty() : OptionalDouble.of(totalIou / boxes);
    }

    /** The sums of both, of which the other is of other requests. */
    public Agreement plus(Agreement other) {
        return new Agreement(
                positions + other.positions,
                sameTokens + other.sameTokens,
                totalKl + other.totalKl,
                boxes + other.boxes,
                totalIou + other.totalIou);
    }
}
