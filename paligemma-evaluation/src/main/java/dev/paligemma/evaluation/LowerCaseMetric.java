package dev.paligemma.evaluation;

import dev.paligemma.evaluation.internal.PythonText;
import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.Metric;
import dev.paligemma.evaluation.metric.Scores;
import java.util.List;

/**
 * A metric for which upper and lower case are one.
 *
 * @param metric what compares the texts in lower case
 */
record LowerCaseMetric(Metric metric) implements Metric {
    @Override
    public String name() {
        return metric.name();
    }

    @Override
    public Scores score(List<Case> cases) {
        return metric.score(cases.stream()
                .map(each -> new Case(
                        each.id(),
                        PythonText.lower(each.answer()),
                        each.references().stream().map(PythonText::lower).toList()))
                .toList());
    }
}
