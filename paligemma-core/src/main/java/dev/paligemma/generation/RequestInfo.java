package dev.paligemma.generation;

import java.time.Duration;

/**
 * A request of which a {@link RequestListener} is told, one object from the beginning to the end. For the thread of the call; what was
 * read may be kept.
 */
public interface RequestInfo {
    /** How a request was made. */
    enum Kind {
        /** One answer: {@code generate}, {@code generateAsync}, and tasks. */
        SINGLE,
        /** One answer, piece by piece: {@code stream} and {@code publisher}. */
        STREAM,
        /** One of many that are answered together: {@code generateAll}. */
        BATCH,
        /** Several answers to one prompt: {@code generateSeveral}. */
        SAMPLES,
        /** {@code search}. */
        SEARCH,
        /** {@code score}. */
        SCORE,
        /** One picture and prompt of {@code compare}. */
        COMPARISON
    }

    /** A number that no other request of the pipeline has; later requests have larger ones. */
    long id();

    /** How the request was made. */
    Kind kind();

    /** What is asked, the prompt included. */
    GenerationRequest request();

    /** How long the request waited for its turn; until it is started, how long it has waited so far. */
    Duration waited();

    /** The time since the request asked for its turn; once it has ended, how long that took. */
    Duration elapsed();
}
