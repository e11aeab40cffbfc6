package dev.paligemma.hub;

import java.time.Duration;

/**
 * How long to wait for what. Immutable.
 *
 * @param connect for a connection
 * @param answer for what the hub says of a model or a file
 * @param stall for the head of an answer with content, and for each next byte of its body
 * @param backoff after the first failure; doubled after each further one
 * @param longestBackoff the most between two attempts, unless the server asks for more
 */
record Timing(Duration connect, Duration answer, Duration stall, Duration backoff, Duration longestBackoff) {
    static final Timing DEFAULT = new Timing(
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofMillis(500),
            Duration.ofSeconds(20));

    /** The most that a server may ask to wait. */
    static final Duration LONGEST_RETRY_AFTER = Duration.ofMinutes(5);

    /** How many attempts may fail without a byte between them. */
    static final int FAILURES_IN_A_ROW = 6;

    /** How many of them may find nobody at the address at all, before anything was heard of the hub. */
    static final int UNREACHABLE_IN_A_ROW = 3;

    /** How many attempts for one file may fail altogether. */
    static final int FAILURES = 300;

    Timing withConnect(Duration duration) {
        return new Timing(duration, answer, stall, backoff, longestBackoff);
    }

    Timing withAnswer(Duration duration) {
        return new Timing(connect, duration, stall, backoff, longestBackoff);
    }

    Timing withStall(Duration duration) {
        return new Timing(connect, answer, duration, backoff, longestBackoff);
    }

    Timing withBackoff(Duration first, Duration longest) {
        return new Timing(connect, answer, stall, first, longest);
    }

    /** How long to wait for what the hub says: as Python does, longer if there is nothing in the cache to fall back to. */
    Patience forAnswer(boolean isPatient) {
        Duration longer = answer.compareTo(stall) > 0 ? answer : stall;
        return isPatient ? new Patience(connect.plus(longer), longer) : new Patience(answer, answer);
    }

    Patience forContent() {
        return new Patience(connect.plus(stall), stall);
    }

    /**
     * How long one request may take.
     *
     * @param head until its answer begins, with the time for the connection
     * @param stall for each next byte of the body
     */
    record Patience(Duration head, Duration stall) {}
}
