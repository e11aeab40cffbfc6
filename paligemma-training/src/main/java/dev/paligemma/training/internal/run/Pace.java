package dev.paligemma.training.internal.run;

/**
 * When the loop does what is no update.
 *
 * @param evaluateEvery after how many updates the examples held out are evaluated, besides at the end; 0 for at the end only
 * @param saveEvery after how many updates a checkpoint is written, besides at the end
 * @param stopAfter after how many evaluations without an improvement the run ends; 0 for never
 */
public record Pace(long evaluateEvery, long saveEvery, int stopAfter) {
    /** An {@link IllegalArgumentException} if a number is out of range. */
    public Pace {
        if (evaluateEvery < 0 || saveEvery < 1 || stopAfter < 0) {
            throw new IllegalArgumentException("expected evaluateEvery and stopAfter of at least 0 and saveEvery of at"
                    + " least 1, got " + evaluateEvery + ", " + stopAfter + " and " + saveEvery);
        }
    }
}
