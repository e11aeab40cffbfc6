package dev.paligemma.generation.internal;

/** Measures laps of wall-clock time. Confined to one thread. */
public final class Stopwatch {
    private long last = System.nanoTime();

    /** Milliseconds since the last lap ended, or since this was made. */
    public double lapMs() {
        long now = System.nanoTime();
        double lap = (now - last) / 1e6;
        last = now;
        return lap;
    }
}
