package dev.paligemma.server.internal.typed;

import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.Timings;

/** Tells what part of the time of a request it did not work. Immutable. */
final class Stopwatch {
    private final long start = System.nanoTime();

    /** The time since the beginning in milliseconds. */
    private double elapsedMs() {
        return (System.nanoTime() - start) / 1e6;
    }

    /** Lets an answer be written up to its first piece, if it has one, and gives the time since the beginning. */
    double untilFirst(AnswerStream answer) {
        boolean unused = answer.hasNext();
        return elapsedMs();
    }

    /** The time since the beginning without what the whole answer took. */
    double waitedMs(Timings timings) {
        return elapsedMs() - beforeFirstToken(timings) - timings.decodeMs();
    }

    /** What a request takes before its first token. */
    static double beforeFirstToken(Timings timings) {
        return timings.preprocessMs() + timings.visionMs() + timings.prefillMs();
    }
}
