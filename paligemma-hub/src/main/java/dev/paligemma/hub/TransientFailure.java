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

    /** Makes a failure, of a kind if it stays; {@code retryAfter} is what the server asks to wait, null if nothing. */
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
