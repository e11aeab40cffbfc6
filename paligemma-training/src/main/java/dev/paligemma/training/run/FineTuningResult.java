package dev.paligemma.training.run;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What came of a fine-tuning; what earlier processes did of a run that was resumed is part of it. Immutable.
 *
 * @param losses the loss of each update, before it was made
 * @param gradientNorms the norm of all gradients of each update, before clipping
 * @param learningRates the rate of each update
 * @param evaluations the figures of the examples held out, in the order of time
 * @param best the evaluation whose state is the result; empty without one, and the last state is
 * @param stoppedEarly whether the run ended before its last update, as evaluations got no better
 * @param folder the adapter, or the checkpoint if weights as a whole were trained
 * @param seconds how long updates took, all processes together
 */
public record FineTuningResult(
        List<Double> losses,
        List<Double> gradientNorms,
        List<Double> learningRates,
        List<Evaluation> evaluations,
        Optional<Evaluation> best,
        boolean stoppedEarly,
        Path folder,
        double seconds) {
    /** Copies the lists. */
    public FineTuningResult {
        losses = List.copyOf(losses);
        gradientNorms = List.copyOf(gradientNorms);
        learningRates = List.copyOf(learningRates);
        evaluations = List.copyOf(evaluations);
    }
}
