package dev.paligemma.hub;

import java.time.Duration;

/**
 * How long to wait for what. Immutable.
 *
 * @param connect for a connection
 * @param stall for the head of an answer, and for each next byte of its body
 * @param backoff after the first failure; doubled after each further one
 * @param longestBackoff the most between two attempts, unless the server asks for more
 * @param longestRetryAfter the most that a server may ask for
 * @param failuresInARow how many attempts may fail without a byte between them
 * @param unreachableInARow how many of them may find nobody at the address at all, before anything was heard of the hub
 * @param failures how many attempts for one file may fail altogether
 */
record Timing(
        Duration connect,
        Duration stall,
        Duration backoff,
        Duration longestBackoff,
        Duration longestRetryAfter,
        int failuresInARow,
        int unreachableInARow,
        int failures) {
    static final Timing DEFAULT = new Timing(
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofMillis(500),
            Duration.ofSeconds(20),
            Duration.ofMinutes(5),
            6,
            3,
            300);

    Timing withConnect(Duration duration) {
        return new Timing(
                duration,
                stall,
                backoff,
                longestBackoff,
                longestRetryAfter,
                failuresInARow,
                unreachableInARow,
                failures);
    }

    Timing withStall(Duration duration) {
        return new Timing(
                connect,
                duration,
                backoff,
                longestBackoff,
                longestRetryAfter,
                failuresInARow,
                unreachableInARow,
                failures);
    }

    Timing withBackoff(Duration first, Duration longest) {
        return new Timing(
                connect, stall, first, longest, longestRetryAfter, failuresInARow, unreachableInARow, failures);
    }
}
