package dev.paligemma.spark;

import java.io.Serializable;
import java.util.Objects;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;

/**
 * What the executors have done, as accumulators of Spark: its web page shows them by name too. Read them on the driver, after
 * an action. Spark adds for each finished task, so a stage that is computed again counts again.
 */
public final class PaliGemmaCounters implements Serializable {
    private static final long serialVersionUID = 1L;

    private final LongAccumulator pictures;
    private final LongAccumulator failures;
    private final LongAccumulator tokens;

    private PaliGemmaCounters(SparkContext context) {
        pictures = context.longAccumulator("paligemma pictures");
        failures = context.longAccumulator("paligemma failures");
        tokens = context.longAccumulator("paligemma tokens");
    }

    /** Registers counters that begin at 0. */
    public static PaliGemmaCounters register(SparkSession session) {
        return new PaliGemmaCounters(Objects.requireNonNull(session, "session").sparkContext());
    }

    /** How many rows have an answer. */
    public long pictures() {
        return pictures.value();
    }

    /** How many rows have none, because of their picture or prompt. */
    public long failures() {
        return failures.value();
    }

    /** How many tokens were written. */
    public long tokens() {
        return tokens.value();
    }

    void answered(int newTokens) {
        pictures.add(1);
        tokens.add(newTokens);
    }

    void failed() {
        failures.add(1);
    }
}
