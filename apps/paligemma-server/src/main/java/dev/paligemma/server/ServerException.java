package dev.paligemma.server;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/** The server cannot be started, for example because its port is taken. */
public class ServerException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** An exception whose message says what was tried and what to do, with the error underneath or null. */
    public ServerException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
