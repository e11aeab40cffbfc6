package dev.paligemma.spark;

/** What becomes of a row whose picture or prompt cannot be used. */
public enum OnError {
    /** The row stays, with the reason in the field {@code error} of the answer and no text. */
    KEEP,
    /** The task fails, and after Spark's retries the job. */
    FAIL,
    /** The row is left out. The counters count it. */
    DROP
}
