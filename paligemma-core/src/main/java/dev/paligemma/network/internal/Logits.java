package dev.paligemma.network.internal;

import dev.paligemma.engine.EngineException;
import java.nio.FloatBuffer;

/** What one row of logits says, {@code float32[V]}. */
public final class Logits {
    private Logits() {}

    /**
     * Passes on the logarithm of a probability; an {@link EngineException} if it is not a number, as after an overflow.
     */
    static double requireNumber(double logProbability) {
        if (Double.isNaN(logProbability)) {
            throw new EngineException("the network produced logits that are not numbers; are the weights damaged, or do"
                    + " they overflow their precision?");
        }
        return logProbability;
    }

    /**
     * The Kullback-Leibler divergence in nats, {@code sum over i of p[i] * log(p[i] / q[i])}, of the softmax of one row
     * from that of another, in double precision; rounding never makes it negative. Infinite if q excludes a token, by a
     * logit of minus infinity, that p does not.
     *
     * @throws EngineException if a logit is not a number
     */
    public static double divergence(FloatBuffer p, FloatBuffer q) {
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
        return Math.max(0, requireNumber(sum));
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
