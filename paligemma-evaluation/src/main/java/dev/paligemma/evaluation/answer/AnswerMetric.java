package dev.paligemma.evaluation.answer;

import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.Metric;
import dev.paligemma.evaluation.metric.Scores;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** A metric that is the mean of what each case scores alone. */
abstract class AnswerMetric implements Metric {
    private final String name;
    private final ToDoubleFunction<Case> rule;

    AnswerMetric(String name, ToDoubleFunction<Case> rule) {
        this.name = name;
        this.rule = rule;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final Scores score(List<Case> cases) {
        return Scores.mean(
                name,
                cases.stream().map(Case::id).toList(),
                cases.stream().mapToDouble(rule).toArray());
    }
}
