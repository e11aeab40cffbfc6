package dev.paligemma.network.internal;

import java.nio.FloatBuffer;
import java.nio.LongBuffer;

/**
 * What the model says about the next token of a sequence whose adapter has another number of tokens than the model: further
 * ones behind the model's own, or fewer, without those at the end. Confined to one thread.
 */
final class ExtendedLogits {
    private final FloatBuffer own;
    private final FloatBuffer more;
    private final FloatBuffer all;
    private final LongBuffer best = LongBuffer.allocate(1);
    private final FloatBuffer bestLogProbability = FloatBuffer.allocate(1);

    /** Views of the logits that a run gives: of the model's tokens, and of further ones. */
    ExtendedLogits(FloatBuffer own, FloatBuffer more, int tokens) {
        this.own = own;
        this.more = more;
        this.all = FloatBuffer.allocate(tokens);
    }

    /** A view that {@link #refresh} fills. */
    NextTokens next() {
        return new NextTokens(all, best, bestLogProbability);
    }

    /** Reads what the last run gave. */
    void refresh() {
        int kept = Math.min(own.limit(), all.limit());
        all.put(0, own, 0, kept);
        all.put(kept, more, 0, all.limit() - kept);
        int highest = 0;
        boolean numbers = true;
        for (int i = 0; i < all.limit(); i++) {
            numbers &= !Float.isNaN(all.get(i));
            highest = all.get(i) > all.get(highest) ? i : highest;
        }
        double sum = 0;
        for (int i = 0; i < all.limit(); i++) {
            sum += Math.exp(all.get(i) - (double) all.get(highest));
        }
        best.put(0, highest);
        bestLogProbability.put(0, numbers ? (float) -Math.log(sum) : Float.NaN);
    }
}
