package dev.paligemma.training.run;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/**
 * A fine-tuning that cannot start or go on: data that cannot be read, an output folder that is in use, numbers that are no
 * numbers any more, a base that has changed. Checkpoints that were written stay as they are.
 */
public final class FineTuningException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** An exception with a message that says what, where and the remedy. */
    public FineTuningException(String message) {
        super(message);
    }

    /** The same with its cause. */
    public FineTuningException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
