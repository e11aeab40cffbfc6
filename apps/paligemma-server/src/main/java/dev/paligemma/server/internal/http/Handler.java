package dev.paligemma.server.internal.http;

import java.io.IOException;

/** Answers requests of one path; called in several threads. What it throws becomes the answer, see {@link Failures}. */
@FunctionalInterface
public interface Handler {
    /** Answers a request by one of the methods of the exchange that send something. */
    void handle(Exchange exchange) throws IOException;
}
