package dev.paligemma.evaluation.data;

/** Reads answers and references from JSON lines. Stateless. */
public final class AnswerFiles {
    private AnswerFiles() {}
}
