package dev.paligemma.server.internal.http;

import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One request and the way to answer it, for the thread of the handler. */
public interface Exchange {
    /** What takes long. */
    @FunctionalInterface
    interface Work<T> {
        /** Does it, with the memory that the request may take. */
        T run(Admission.Ticket ticket) throws Exception;
    }

    /** The method, such as {@code POST}; a {@code HEAD} request is a {@code GET} here. */
    String method();

    /** The path, percent signs decoded, without the query. */
    String path();

    /** A header of the request. */
    Optional<String> header(String name);

    /** A parameter of the query, decoded; the first one of the name. */
    Optional<String> query(String name);

    /** The id of the request, which the answer has in {@code x-request-id}. */
    String id();

    /**
     * The body, once there is a place for the request; an {@link HttpFailure} with status 413 if it is larger than allowed, with 429 if
     * there is no place or no memory left for it. To be called once.
     */
    byte[] body() throws IOException;

    /** Adds a header to the answer; to be called before the answer is sent. */
    void answerHeader(String name, String value);

    /** Sends an answer in JSON. */
    void json(int status, String json) throws IOException;

    /** Sends an answer. */
    void bytes(int status, String mediaType, byte[] body) throws IOException;

    /**
     * Does what takes long, as running the model, while somebody looks whether the client is still there. If it goes, the work is
     * interrupted and nobody waits for it.
     *
     * @param work is run in a thread of its own; what it throws is thrown here
     */
    <T> T await(Work<T> work) throws IOException;

    /**
     * Answers with events as they are made. Their writer does not wait for a slow client, and a client that has gone interrupts it.
     * Before the first event, a failure of the work is an answer as any other; afterwards it is an event with the object of the error.
     *
     * @param errorEvent the name of that event; null for one without a name
     * @param work makes events, in a thread of its own
     */
    void stream(@Nullable String errorEvent, EventWork work) throws IOException;

    /** Whether the client has closed the connection, as far as this machine can tell without writing. */
    boolean clientGone();
}
