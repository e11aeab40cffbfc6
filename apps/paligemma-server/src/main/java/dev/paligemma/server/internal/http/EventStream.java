package dev.paligemma.server.internal.http;

/** Takes server-sent events of one answer; they are sent in another thread. */
public interface EventStream {
    /** Sends an event without a name. */
    void data(String json);

    /** Sends an event with a name. */
    void event(String name, String json);
}
