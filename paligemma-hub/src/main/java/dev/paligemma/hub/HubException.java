package dev.paligemma.hub;

import dev.paligemma.base.PaliGemmaException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Says that a model could not be had from the hub or its cache. The message says what was wanted, where, what happened and
 * what can be done; it never holds a token.
 */
public class HubException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** What went wrong. */
    public enum Kind {
        /** The model's terms must be accepted on its page, or the token belongs to somebody who has not. */
        GATED,
        /** The hub wants a token, or does not accept the one it got. */
        UNAUTHORIZED,
        /** There is no such model, or it is private; or it lacks a file. */
        NOT_FOUND,
        /** The model has no such branch, tag or commit. */
        NO_SUCH_REVISION,
        /** Network access is switched off, and the cache lacks something. */
        OFFLINE,
        /** The hub cannot be reached, breaks connections off, stalls, or asks to come back later, again and again. */
        UNREACHABLE,
        /** The answer is not one of a hub, or is one that cannot be trusted. */
        BAD_ANSWER,
        /** What arrived is not what was announced, again and again. */
        CORRUPT,
        /** The cache cannot be written: no room, or no right to. */
        DISK,
        /** The thread was interrupted. */
        INTERRUPTED
    }

    private final Kind kind;

    /** As {@link #HubException(Kind, String, Throwable)}, without a cause. */
    public HubException(Kind kind, String message) {
        this(kind, message, null);
    }

    /**
     * Makes an exception that keeps the failure behind it.
     *
     * @param kind what went wrong
     * @param message what was wanted, where, what happened, and what can be done
     * @param cause the failure behind this one, or null if there is none
     */
    public HubException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = Objects.requireNonNull(kind, "kind");
    }

    /** What went wrong, for programs. */
    public Kind kind() {
        return kind;
    }
}
