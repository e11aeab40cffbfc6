package dev.paligemma.training.internal.batch;

import dev.paligemma.training.data.LossAverage;
import java.util.List;

/**
 * What each token's loss counts in an update, which may be made of several batches: the factors of all its tokens add up to
 * 1. Immutable.
 *
 * @param average what is averaged
 * @param examples how many examples the update has
 * @param tokens how many tokens with a loss it has
 */
public record LossShares(LossAverage average, int examples, long tokens) {
    /** The shares in an update of these examples. */
    public static LossShares of(LossAverage average, List<TokenisedExample> update) {
        long tokens = update.stream().mapToLong(TokenisedExample::targets).sum();
        return new LossShares(average, update.size(), tokens);
    }

    /** What the loss of one token of an example counts. */
    public float factor(TokenisedExample example) {
        return switch (average) {
            case PER_TOKEN -> (float) (1.0 / tokens);
            case PER_EXAMPLE -> (float) (1.0 / ((double) examples * example.targets()));
        };
    }
}
