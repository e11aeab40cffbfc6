package dev.paligemma.engine;

import org.jspecify.annotations.Nullable;

/**
 * Root of all errors that this library raises about models, files and engines.
 *
 * <p>Misuse by the caller (a null argument, a negative count) is reported with {@link NullPointerException} or
 * {@link IllegalArgumentException} instead.
 */
public class PaliGemmaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an error.
     *
     * @param message what failed and where, what was expected and what was found
     */
    public PaliGemmaException(String message) {
        super(message);
    }

    /**
     * Creates an error with the failure behind it.
     *
     * @param message what failed and where, what was expected and what was found
     * @param cause the failure behind this error, or null if there is none
     */
    public PaliGemmaException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
