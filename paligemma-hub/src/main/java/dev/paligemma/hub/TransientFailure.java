package dev.paligemma.hub;

import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A failure that may be over when asked again. */
final class TransientFailure extends IOException {
    private static final long serialVersionUID = 1L;

    private final Kind kind;
    private final transient @Nullable Duration retryAfter;

    /**
     * Makes a failure.
     *
     * @param kind what it is if it stays
     * @param message what happened
     * @param retryAfter how long the server asks to wait; null if it does not say
     */
    TransientFailure(Kind kind, String message, @Nullable Duration retryAfter) {
        super(message);
        this.kind = kind;
        this.retryAfter = retryAfter;
    }

    Kind kind() {
        return kind;
    }

    @Nullable
    Duration retryAfter() {
        return retryAfter;
    }
}
