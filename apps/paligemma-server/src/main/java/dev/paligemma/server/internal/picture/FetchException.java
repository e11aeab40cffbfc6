package dev.paligemma.server.internal.picture;

import java.io.IOException;

/** A picture could not be fetched, for a reason that the client may know. */
final class FetchException extends IOException {
    private static final long serialVersionUID = 1L;

    FetchException(String message) {
        super(message);
    }
}
