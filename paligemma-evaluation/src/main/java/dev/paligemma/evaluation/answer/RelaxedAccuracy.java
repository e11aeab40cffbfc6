package dev.paligemma.evaluation.answer;

import dev.paligemma.evaluation.internal.PythonText;
import java.util.Optional;

/**
 * Relaxed accuracy of charts: a number is right if it is at most 5 percent off, anything else if it equals a reference.
 * {@code 5%} is 0.05, {@code 1,000} no number, and a reference of zero needs the same text.
 */
public final class RelaxedAccuracy extends AnswerMetric {
    private static final double TOLERANCE = 0.05;

    /** The metric. */
    public RelaxedAccuracy() {
        super(
                "relaxed",
                each -> each.references().stream().anyMatch(reference -> matches(reference, each.answer())) ? 1 : 0);
    }

    private static boolean matches(String reference, String answer) {
        Optional<Double> found = number(answer);
        Optional<Double> expected = number(reference).filter(value -> value != 0);
        if (found.isEmpty() || expected.isEmpty()) {
            return answer.equals(reference);
        }
        return Math.abs(found.get() - expected.get()) / Math.abs(expected.get()) <= TOLERANCE;
    }

    private static Optional<Double> number(String text) {
        if (!text.endsWith("%")) {
            return PythonText.number(text);
        }
        return PythonText.number(text.replaceFirst("%+\\z", "")).map(percent -> percent / 100);
    }
}
