package dev.paligemma.checkpoint.adapter;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.checkpoint.config.CheckpointException;
import org.jspecify.annotations.Nullable;

/**
 * Says that an adapter cannot be used: a file is missing or damaged, the adapter does something that is not supported, does
 * not fit the base model, or cannot be merged or written.
 */
public class AdapterException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** As {@link #AdapterException(String, Throwable)}, without a cause. */
    public AdapterException(String message) {
        super(message);
    }

    /** Names the file or tensor, the problem, what was expected and what was found; the cause may be null. */
    public AdapterException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** The same said of an adapter's file by those who read all files. */
    static AdapterException of(CheckpointException e) {
        return new AdapterException(String.valueOf(e.getMessage()), e);
    }
}
