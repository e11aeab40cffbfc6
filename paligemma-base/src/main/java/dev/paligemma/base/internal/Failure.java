package dev.paligemma.base.internal;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/**
 * Makes the exceptions of the module that a shared reader works for, so that a caller meets one type for one kind of file:
 * {@code CheckpointException::new}, for example.
 */
@FunctionalInterface
public interface Failure {
    /**
     * Makes an exception.
     *
     * @param message what is wrong and where
     * @param cause the error underneath, or null if there is none
     */
    PaliGemmaException of(String message, @Nullable Throwable cause);

    /**
     * Makes an exception without an error underneath.
     *
     * @param message what is wrong and where
     */
    default PaliGemmaException of(String message) {
        return of(message, null);
    }
}
