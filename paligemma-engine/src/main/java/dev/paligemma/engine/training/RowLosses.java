package dev.paligemma.engine.training;

/**
 * What a program says about each target of a batch. The arrays are the caller's.
 *
 * @param losses the negative natural logarithm of the probability of the target, before any factor
 * @param correct whether the target is the most likely token, the lowest one among equals
 */
public record RowLosses(float[] losses, boolean[] correct) {
    /** Checks the lengths; an {@link IllegalArgumentException} if they differ. */
    public RowLosses {
        if (losses.length != correct.length) {
            throw new IllegalArgumentException(
                    "expected as many marks as losses, got " + correct.length + " and " + losses.length);
        }
    }

    /** How many targets there are. */
    public int rows() {
        return losses.length;
    }
}
