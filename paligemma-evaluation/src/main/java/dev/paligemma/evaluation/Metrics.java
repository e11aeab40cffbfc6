package dev.paligemma.evaluation;

import dev.paligemma.evaluation.answer.ExactMatch;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.evaluation.metric.Metric;
import java.util.List;

/** All metrics by their names, and what the model cards measure with them. Stateless. */
public final class Metrics {
    private static final List<Metric> ALL = List.of(new ExactMatch());

    private Metrics() {}

    /** The names of all metrics. */
    public static List<String> names() {
        return ALL.stream().map(Metric::name).toList();
    }

    /**
     * A metric by its name.
     *
     * @throws EvaluationException if there is none of this name; the message has those that there are
     */
    public static Metric named(String name) {
        return ALL.stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new EvaluationException(
                        "there is no metric '" + name + "', expected one of " + String.join(", ", names())));
    }
}
