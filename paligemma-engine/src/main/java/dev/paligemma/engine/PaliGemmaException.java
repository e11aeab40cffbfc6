package dev.paligemma.engine;

/**
 * The root of the unchecked exceptions that PaliGemma for Java throws for things outside the caller's control, such as
 * a damaged file or a failing engine.
 *
 * <p>Misuse of the interface (a null argument, a negative count) is reported by the exceptions of {@code java.lang}
 * instead.
 */
public class PaliGemmaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes an exception without a cause.
     *
     * @param message what went wrong, where, what was expected and what was found
     */
    public PaliGemmaException(String message) {
        super(message);
    }

    /**
     * Makes an exception that keeps the failure behind it.
     *
     * @param message what went wrong, where, what was expected and what was found
     * @param cause the failure behind this one
     */
    public PaliGemmaException(String message, Throwable cause) {
        super(message, cause);
    }
}
