package dev.paligemma.engine.training;

/**
 * One sequence among the rows of a batch. Row i of it sees row j of it if {@code j <= i} or {@code j < prefix}.
 *
 * @param rows how many rows it has, at least 1
 * @param prefix how many of them, from the first, see each other in both directions; from 1 to {@code rows}
 */
public record SequenceRows(int rows, int prefix) {
    /** Checks the numbers; an {@link IllegalArgumentException} if one is out of range. */
    public SequenceRows {
        if (prefix < 1 || rows < prefix) {
            throw new IllegalArgumentException(
                    "a sequence has at least 1 row and a prefix of 1 to all of its rows, got " + rows + " and "
                            + prefix);
        }
    }
}
