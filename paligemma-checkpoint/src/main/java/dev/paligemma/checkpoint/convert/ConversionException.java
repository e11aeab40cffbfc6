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

    /** Names the file or tensor, the problem, what was expected and what was found; the cause may be null. */
    public ConversionException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
