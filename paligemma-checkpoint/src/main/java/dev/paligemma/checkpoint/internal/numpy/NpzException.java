package dev.paligemma.checkpoint.internal.numpy;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/** Says that a file is not a NumPy archive, is damaged, or holds something else than was asked for. */
public class NpzException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** As {@link #NpzException(String, Throwable)}, without a cause. */
    public NpzException(String message) {
        super(message);
    }

    /**
     * Makes an exception that keeps the failure behind it.
     *
     * @param message the file, the problem, what was expected and what was found
     * @param cause the failure behind this one, or null if there is none
     */
    public NpzException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
