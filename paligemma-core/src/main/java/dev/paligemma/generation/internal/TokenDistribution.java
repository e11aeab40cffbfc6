package dev.paligemma.generation.internal;

import dev.paligemma.constraint.TokenSet;
import dev.paligemma.generation.Sampling;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The probabilities with which the next token is chosen, after all limits, in the order and with the rules of
 * transformers: repetition penalty, constraint, forbidden tokens, temperature, top-k, top-p, min-p. Computed in double precision.
 */
final class TokenDistribution {
    private final int[] ids;
    /** The scores of the ids, descending, ids ascending among equals. */
    private final double[] scores;

    private TokenDistribution(int[] ids, double[] scores) {
        this.ids = ids;
        this.scores = scores;
    }

    /** What limits the choice. */
    record Limits(@Nullable TokenSet allowed, BitSet forbidden, BitSet repeated, double penalty) {}

    /**
     * Scores of the tokens that may come, from the raw logits {@code float32[V]}: those that are allowed, all if null, and
     * not forbidden, unless nothing would be left; the penalty, 1 for none, divides positive and multiplies negative logits
     * of repeated tokens.
     */
    private static Candidates candidates(FloatBuffer logits, Limits limits) {
        TokenSet allowed = limits.allowed;
        BitSet repeated = limits.repeated;
        double penalty = limits.penalty;
        int[] ids = allowed == null ? IntStream.range(0, logits.limit()).toArray() : writable(allowed, logits.limit());
        if (!limits.forbidden.isEmpty()) {
            int[] left =
                    Arrays.stream(ids).filter(id -> !limits.forbidden.get(id)).toArray();
            ids = left.length == 0 ? ids : left;
        }
        double[] scores = new double[ids.length];
        for (int i = 0; i < ids.length; i++) {
            scores[i] = logits.get(ids[i]);
            if (penalty != 1 && repeated.get(ids[i])) {
                scores[i] = scores[i] < 0 ? scores[i] * penalty : scores[i] / penalty;
            }
        }
        return new Candidates(ids, scores);
    }

    /** The allowed tokens that have a row in the model; a tokenizer may know more, such as that of images. */
    private static int[] writable(TokenSet allowed, int rows) {
        int[] ids = allowed.toArray();
        int end = Arrays.binarySearch(ids, rows);
        int count = end < 0 ? -end - 1 : end;
        if (count == 0) {
            throw new IllegalStateException("the constraint allows no token that the model can write: " + allowed);
        }
        return count == ids.length ? ids : Arrays.copyOf(ids, count);
    }

    private record Candidates(int[] ids, double[] scores) {}

    /** The most likely token that may come, the lowest id among equals. */
    static int best(FloatBuffer logits, Limits limits) {
        Candidates all = candidates(logits, limits);
        int best = 0;
        for (int i = 1; i < all.ids.length; i++) {
            if (all.scores[i] > all.scores[best]) {
                best = i;
            }
        }
        return all.ids[best];
    }

    /** The distribution to sample from. */
    static TokenDistribution of(FloatBuffer logits, Limits limits, Sampling sampling) {
        Candidates all = candidates(logits, limits);
        double[] scores = all.scores;
        for (int i = 0; i < scores.length; i++) {
            scores[i] /= sampling.temperature();
        }
        double lowest = sampling.topK() > 0 && sampling.topK() < scores.length
                ? largest(scores, sampling.topK())
                : Double.NEGATIVE_INFINITY;
        double highest = Arrays.stream(scores).max().orElseThrow();
        double total = Arrays.stream(scores)
                .filter(score -> score >= lowest)
                .map(score -> Math.exp(score - highest))
                .sum();
        // Tokens this unlikely are dropped by top-p in any case, all of them together, and need not be sorted.
        double negligible = sampling.topP() < 1 ? (1 - sampling.topP()) / scores.length * total : 0;
        double share = Math.log(sampling.minP());
        int[] order = IntStream.range(0, scores.length)
                .filter(i -> scores[i] >= lowest
                        && scores[i] - highest >= share
                        && Math.exp(scores[i] - highest) > negligible)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -scores[i]).thenComparingInt(i -> all.ids[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        int kept = sampling.topP() < 1 ? nucleus(order, scores, highest, total, sampling.topP()) : order.length;
        return new TokenDistribution(
                IntStream.range(0, kept).map(i -> all.ids[order[i]]).toArray(),
                IntStream.range(0, kept).mapToDouble(i -> scores[order[i]]).toArray());
    }

    /** How many of the most likely tokens stay: a token goes if it and all less likely ones have at most 1 - p. */
    private static int nucleus(int[] order, double[] scores, double highest, double total, double topP) {
        double before = 0;
        for (int i = 0; i < order.length; i++) {
            before += Math.exp(scores[order[i]] - highest) / total;
            // What follows has 1 - before.
            if (1 - before <= 1 - topP) {
                return i + 1;
            }
        }
        return order.length;
    }

    /** The score of the k-th largest element. */
    private static double largest(double[] scores, int k) {
        PriorityQueue<Double> largest = new PriorityQueue<>();
        for (double score : scores) {
            if (largest.size() < k || score > largest.element()) {
                largest.add(score);
            }
            if (largest.size() > k) {
                largest.remove();
            }
        }
        return largest.element();
    }

    /** The tokens that may be chosen, the most likely first. */
    int[] ids() {
        return ids.clone();
    }

    /** Their probabilities; the sum is 1. */
    double[] probabilities() {
        double[] exponentials =
                Arrays.stream(scores).map(score -> Math.exp(score - scores[0])).toArray();
        double total = Arrays.stream(exponentials).sum();
        return Arrays.stream(exponentials).map(value -> value / total).toArray();
    }

    /** Chooses one. */
    int sample(SplittableRandom random) {
        double[] probabilities = probabilities();
        double left = random.nextDouble();
        for (int i = 0; i < ids.length - 1; i++) {
            left -= probabilities[i];
            if (left < 0) {
                return ids[i];
            }
        }
        return ids[ids.length - 1];
    }
}
