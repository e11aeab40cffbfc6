package dev.paligemma.checkpoint.convert;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/**
 * Says that a checkpoint could not be converted: its weights cannot be quantised, the folder cannot be written, the disk
 * is full, or the thread was interrupted. Nothing usable is left behind.
 */
public class ConversionException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** As {@link #ConversionException(String, Throwable)}, without a cause. */
    public ConversionException(String message) {
        super(message);
    }

    /**
     * Makes an exception that keeps the failure behind it.
     *
     * @param message the folder or tensor, the problem, what was expected and what was found
     * @param cause the failure behind this one, or null if there is none
     */
    public ConversionException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
