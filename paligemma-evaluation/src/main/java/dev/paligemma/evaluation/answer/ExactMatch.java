package dev.paligemma.evaluation.answer;

/** Counts the answers that equal one of their references, character by character. */
public final class ExactMatch extends AnswerMetric {
    /** The metric. */
    public ExactMatch() {
        super("exact", each -> each.references().contains(each.answer()) ? 1 : 0);
    }
}
