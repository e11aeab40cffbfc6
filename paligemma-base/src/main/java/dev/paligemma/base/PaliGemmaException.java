package dev.paligemma.base;

import org.jspecify.annotations.Nullable;

/**
 * The root of all errors that this library raises about models, files and engines.
 *
 * <p>A wrong argument of a caller is an {@link IllegalArgumentException} instead, and the use of something closed an
 * {@link IllegalStateException}.
 */
public class PaliGemmaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * An error without an underlying one; the message says what went wrong, where, what was expected and what was found.
     */
    public PaliGemmaException(String message) {
        super(message);
    }

    /** An error caused by another one, or by null; the message as above. */
    public PaliGemmaException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
