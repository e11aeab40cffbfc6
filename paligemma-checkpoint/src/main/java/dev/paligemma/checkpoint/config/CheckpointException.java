package dev.paligemma.checkpoint.config;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/**
 * Says that a checkpoint folder cannot be used: a file is missing, damaged, contradicts another one, or describes a
 * model that is not supported.
 */
public class CheckpointException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** As {@link #CheckpointException(String, Throwable)}, without a cause. */
    public CheckpointException(String message) {
        super(message);
    }

    /** Names the file or tensor, the problem, what was expected and what was found; the cause may be null. */
    public CheckpointException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
