package dev.paligemma.base.internal;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/**
 * Makes the exceptions of the module that a shared reader works for, so that a caller meets one type for one kind of file:
 * {@code CheckpointException::new}, for example.
 */
@FunctionalInterface
public interface Failure {
    /** Makes an exception; the message says what is wrong and where, the cause is the error underneath or null. */
    PaliGemmaException of(String message, @Nullable Throwable cause);

    /** Makes an exception without an error underneath. */
    default PaliGemmaException of(String message) {
        return of(message, null);
    }
}
