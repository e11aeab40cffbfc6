package dev.paligemma.evaluation.answer;

import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.Metric;
import dev.paligemma.evaluation.metric.Scores;
import java.util.List;

/** Counts the answers that equal one of their references, character by character. */
public final class ExactMatch implements Metric {
    /** The metric. */
    public ExactMatch() {}

    @Override
    public String name() {
        return "exact";
    }

    @Override
    public Scores score(List<Case> cases) {
        return Scores.mean(
                name(),
                cases.stream().map(Case::id).toList(),
                cases.stream()
                        .mapToDouble(each -> each.references().contains(each.answer()) ? 1 : 0)
                        .toArray());
    }
}
