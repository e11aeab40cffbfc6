package dev.paligemma.hub;

import java.time.Duration;

/**
 * How long to wait for what. Immutable.
 *
 * @param connect for a connection
 * @param stall for the head of an answer, and for each next byte of its body
 * @param backoff after the first failure; doubled after each further one
 * @param longestBackoff the most between two attempts, unless the server asks for more
 */
record Timing(Duration connect, Duration stall, Duration backoff, Duration longestBackoff) {
    static final Timing DEFAULT =
            new Timing(Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofMillis(500), Duration.ofSeconds(20));

    /** The most that a server may ask to wait. */
    static final Duration LONGEST_RETRY_AFTER = Duration.ofMinutes(5);

    /** How many attempts may fail without a byte between them. */
    static final int FAILURES_IN_A_ROW = 6;

    /** How many of them may find nobody at the address at all, before anything was heard of the hub. */
    static final int UNREACHABLE_IN_A_ROW = 3;

    /** How many attempts for one file may fail altogether. */
    static final int FAILURES = 300;

    Timing withConnect(Duration duration) {
        return new Timing(duration, stall, backoff, longestBackoff);
    }

    Timing withStall(Duration duration) {
        return new Timing(connect, duration, backoff, longestBackoff);
    }

    Timing withBackoff(Duration first, Duration longest) {
        return new Timing(connect, stall, first, longest);
    }
}
