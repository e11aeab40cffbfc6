package dev.paligemma.server.internal.http;

import java.io.IOException;

/** Nobody waits for the answer any more. */
final class ClientGoneException extends IOException {
    private static final long serialVersionUID = 1L;

    ClientGoneException(String message) {
        super(message);
    }
}
