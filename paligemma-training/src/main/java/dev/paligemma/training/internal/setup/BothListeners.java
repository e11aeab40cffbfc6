package dev.paligemma.training.internal.setup;

import dev.paligemma.training.run.Evaluation;
import dev.paligemma.training.run.FineTuningListener;
import dev.paligemma.training.run.UpdateReport;
import java.nio.file.Path;

/** Tells two listeners, one after the other, what the loop has to tell. */
record BothListeners(FineTuningListener first, FineTuningListener second) implements FineTuningListener {
    @Override
    public void onUpdate(UpdateReport report) {
        first.onUpdate(report);
        second.onUpdate(report);
    }

    @Override
    public void onEvaluation(Evaluation evaluation, boolean best) {
        first.onEvaluation(evaluation, best);
        second.onEvaluation(evaluation, best);
    }

    @Override
    public void onCheckpoint(Path folder) {
        first.onCheckpoint(folder);
        second.onCheckpoint(folder);
    }
}
