package dev.paligemma;

import dev.paligemma.engine.EngineException;
import java.nio.FloatBuffer;

/** What one row of logits says, {@code float32[V]}. */
final class Logits {
    private Logits() {}

    /**
     * The most likely token; the lowest id among equals.
     *
     * @throws EngineException if no logit is a finite number, as after an overflow in the network
     */
    static int argmax(FloatBuffer logits) {
        int best = -1;
        float highest = Float.NEGATIVE_INFINITY;
        for (int token = 0; token < logits.limit(); token++) {
            float value = logits.get(token);
            if (value > highest) {
                highest = value;
                best = token;
            }
        }
        if (best < 0 || Float.isInfinite(highest)) {
            throw new EngineException("the network produced no finite logit among " + logits.limit()
                    + "; are the weights damaged, or do they overflow their precision?");
        }
        return best;
    }

    /** The natural logarithm of the softmax of the logits at one token. */
    static double logProbability(FloatBuffer logits, int token) {
        return logits.get(token) - logSumOfExponentials(logits);
    }

    /**
     * The Kullback-Leibler divergence in nats, {@code sum over i of p[i] * log(p[i] / q[i])}, of the softmax of one row
     * from that of another, in double precision; rounding never makes it negative. Infinite if q excludes a token, by a
     * logit of minus infinity, that p does not.
     *
     * @throws EngineException if a logit is not a number
     */
    static double divergence(FloatBuffer p, FloatBuffer q) {
        double logSumP = logSumOfExponentials(p);
        double logSumQ = logSumOfExponentials(q);
        double sum = 0;
        for (int i = 0; i < p.limit(); i++) {
            double logP = p.get(i) - logSumP;
            double probability = Math.exp(logP);
            // What p excludes adds nothing, even where both are excluded and the difference is not a number.
            if (probability != 0) {
                sum += probability * (logP - (q.get(i) - logSumQ));
            }
        }
        if (Double.isNaN(sum)) {
            throw new EngineException(
                    "the network produced logits that are not numbers; are the weights damaged, or do "
                            + "they overflow their precision?");
        }
        return Math.max(0, sum);
    }

    /** The logarithm of the sum of all {@code exp(logit)}, without overflow. */
    private static double logSumOfExponentials(FloatBuffer logits) {
        double highest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < logits.limit(); i++) {
            highest = Math.max(highest, logits.get(i));
        }
        double sum = 0;
        for (int i = 0; i < logits.limit(); i++) {
            sum += Math.exp(logits.get(i) - highest);
        }
        return highest + Math.log(sum);
    }
}
