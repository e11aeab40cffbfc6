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
        double highest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < logits.limit(); i++) {
            highest = Math.max(highest, logits.get(i));
        }
        double sum = 0;
        for (int i = 0; i < logits.limit(); i++) {
            sum += Math.exp(logits.get(i) - highest);
        }
        return logits.get(token) - highest - Math.log(sum);
    }
}
