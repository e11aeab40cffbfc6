package dev.paligemma.training.internal.setup;

import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.training.internal.run.Evaluator;
import dev.paligemma.training.run.Metric;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The figures that were asked for. */
record Figures(List<Metric> metrics, HeldOut heldOut) implements Evaluator {
    @Override
    public Map<Metric, Double> evaluate(TrainingProgram program) {
        Map<Metric, Double> found = heldOut.evaluate(program);
        Map<Metric, Double> figures = new LinkedHashMap<>();
        metrics.forEach(metric -> figures.put(metric, found.get(metric)));
        return figures;
    }
}
