package dev.paligemma.training.internal.run;

import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.training.run.Metric;
import java.util.List;
import java.util.Map;

/** Measures how good the present state is on the examples held out. */
public interface Evaluator {
    /** What it measures; the first one decides which state is the best. */
    List<Metric> metrics();

    /** The figures, in the order of {@link #metrics}. */
    Map<Metric, Double> evaluate(TrainingProgram program);
}
