package dev.paligemma.training.run;

import java.nio.file.Path;

/**
 * Hears how a fine-tuning gets on, in the thread that trains. What a listener throws ends the run as any failure does:
 * checkpoints that were written stay.
 */
public interface FineTuningListener {
    /** A listener that does nothing. */
    FineTuningListener NONE = new FineTuningListener() {};

    /** All is checked and nothing is loaded. */
    default void onStart(FineTuningPlan plan) {}

    /** A long preparation goes on, such as {@code encoding pictures}: {@code done} of {@code total} are behind. */
    default void onPreparation(String what, long done, long total) {}

    /** An update was made. */
    default void onUpdate(UpdateReport report) {}

    /** The examples held out were evaluated; {@code best} says whether they never were better. */
    default void onEvaluation(Evaluation evaluation, boolean best) {}

    /** A checkpoint was written, from which the run can be resumed. */
    default void onCheckpoint(Path folder) {}

    /** The run has ended and its result is written. */
    default void onEnd(FineTuningResult result) {}
}
