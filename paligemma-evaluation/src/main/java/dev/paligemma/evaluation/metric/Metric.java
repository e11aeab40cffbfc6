package dev.paligemma.evaluation.metric;

import java.util.List;

/** A rule that scores answers against references. Implementations are stateless and thread-safe. */
public interface Metric {
    /** The name by which it is found, for example {@code cider}. */
    String name();

    /**
     * Scores cases together.
     *
     * @param cases at least one
     * @throws EvaluationException if the rule does not allow the references of a case
     * @throws IllegalArgumentException if there are no cases
     */
    Scores score(List<Case> cases);
}
