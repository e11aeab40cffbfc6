package dev.paligemma.network.internal;

import dev.paligemma.engine.EngineException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;

/** What the model says about the next token of one sequence, until the next run. Confined to one thread. */
public final class NextTokens {
    private final FloatBuffer logits;
    private final LongBuffer best;
    private final FloatBuffer bestLogProbability;

    /** A view of one row of the decoder's outputs: {@code float32[V]}, {@code int64[1]}, {@code float32[1]}. */
    NextTokens(FloatBuffer logits, LongBuffer best, FloatBuffer bestLogProbability) {
        this.logits = logits;
        this.best = best;
        this.bestLogProbability = bestLogProbability;
    }

    /** The raw logits, {@code float32[V]}. */
    public FloatBuffer logits() {
        return logits;
    }

    /**
     * The most likely token; the lowest id among equals. An {@link EngineException} as {@link #bestLogProbability}
     * says.
     */
    public int best() {
        bestLogProbability();
        return (int) best.get(0);
    }

    /**
     * The natural logarithm of the probability of {@link #best}.
     *
     * @throws EngineException if a logit is not a number or none is finite, as after an overflow in the network
     */
    public double bestLogProbability() {
        return Logits.requireNumber(bestLogProbability.get(0));
    }

    /** The natural logarithm of the probability of any token; exactly {@link #bestLogProbability} for the best. */
    public double logProbability(int token) {
        int mostLikely = best();
        return bestLogProbability() - (logits.get(mostLikely) - (double) logits.get(token));
    }
}
