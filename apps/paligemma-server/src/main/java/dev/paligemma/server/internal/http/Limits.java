package dev.paligemma.server.internal.http;

import java.time.Duration;

/**
 * What a request may take, besides running the model.
 *
 * @param bodyBytes the largest body
 * @param exchanges how many requests are looked after at the same time; further connections wait to be accepted
 * @param receive the longest time to send a request in
 * @param send the longest time that a piece of an answer waits for the client to take it
 * @param ping how long a stream of events is silent at most
 * @param work the longest time that a request is worked on, waiting for its turn included
 * @param stop how long running requests may go on when the server stops
 */
public record Limits(
        int bodyBytes, int exchanges, Duration receive, Duration send, Duration ping, Duration work, Duration stop) {
    /** What suits most. */
    public static final Limits DEFAULTS = new Limits(
            20 << 20,
            256,
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            Duration.ofSeconds(2),
            Duration.ofMinutes(5),
            Duration.ofSeconds(20));

    /** The same with another largest body. */
    public Limits withBodyBytes(int bytes) {
        return new Limits(bytes, exchanges, receive, send, ping, work, stop);
    }

    /** The same with another time for work. */
    public Limits withWork(Duration time) {
        return new Limits(bodyBytes, exchanges, receive, send, ping, time, stop);
    }

    /** The same with another time to stop in. */
    public Limits withStop(Duration time) {
        return new Limits(bodyBytes, exchanges, receive, send, ping, work, time);
    }
}
