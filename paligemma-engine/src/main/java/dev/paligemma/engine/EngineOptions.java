package dev.paligemma.engine;

import java.util.Objects;

/**
 * What an engine is asked to be. Immutable.
 *
 * @param device where it computes
 * @param precision how it stores weights and computes
 * @param threads how many threads it may use for one operation, from 1 to {@value #MAX_THREADS}
 */
public record EngineOptions(Device device, Precision precision, int threads) {
    /**
     * The most threads that may be asked for: {@value}. More than any machine has a use for; engines start as many as they
     * are told to, each with a stack of its own.
     */
    public static final int MAX_THREADS = 1024;

    /** Checks the options; an {@link IllegalArgumentException} if the number of threads is out of range. */
    public EngineOptions {
        Objects.requireNonNull(device, "device");
        Objects.requireNonNull(precision, "precision");
        if (threads < 1 || threads > MAX_THREADS) {
            throw new IllegalArgumentException("threads must be from 1 to " + MAX_THREADS + ", got " + threads);
        }
    }

    /** Single precision on the main processor, with as many threads as it has cores, at most {@value #MAX_THREADS}. */
    public static EngineOptions defaults() {
        int threads = Math.min(Runtime.getRuntime().availableProcessors(), MAX_THREADS);
        return new EngineOptions(Device.CPU, Precision.FLOAT32, threads);
    }
}
