package dev.paligemma.evaluation.metric;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/**
 * An evaluation that cannot be done: a file that cannot be read, answers that are missing or come twice, references that
 * the rule of a metric does not allow.
 */
public final class EvaluationException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** An exception with a message that says what, where and the remedy. */
    public EvaluationException(String message) {
        super(message);
    }

    /** The same with its cause. */
    public EvaluationException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
