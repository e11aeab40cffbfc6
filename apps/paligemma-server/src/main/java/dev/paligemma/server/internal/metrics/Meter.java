package dev.paligemma.server.internal.metrics;

import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/** How often something happened, how long it took together, and the longest time of the last one to two minutes. Thread-safe. */
final class Meter {
    /** A maximum of all time would tell nothing after a day; this one falls again, as that of Micrometer does. */
    private static final long WINDOW_NANOS = 60_000_000_000L;

    private final LongSupplier clock;
    private final LongAdder count = new LongAdder();
    private final LongAdder nanos = new LongAdder();
    private long windowStart;
    private long longestNow;
    private long longestBefore;

    /** A meter by a clock that tells nanoseconds. */
    Meter(LongSupplier clock) {
        this.clock = clock;
        this.windowStart = clock.getAsLong();
    }

    void record(long duration) {
        count.increment();
        nanos.add(duration);
        synchronized (this) {
            turn();
            longestNow = Math.max(longestNow, duration);
        }
    }

    long count() {
        return count.sum();
    }

    double seconds() {
        return nanos.sum() / 1e9;
    }

    synchronized double longestSeconds() {
        turn();
        return Math.max(longestNow, longestBefore) / 1e9;
    }

    private void turn() {
        long windows = (clock.getAsLong() - windowStart) / WINDOW_NANOS;
        if (windows > 0) {
            longestBefore = windows == 1 ? longestNow : 0;
            longestNow = 0;
            windowStart += windows * WINDOW_NANOS;
        }
    }
}
