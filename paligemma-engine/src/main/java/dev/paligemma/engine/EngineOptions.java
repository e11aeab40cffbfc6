package dev.paligemma.engine;

import java.util.Objects;

/**
 * What an engine is asked to be. Immutable.
 *
 * @param device where it computes
 * @param precision how it stores weights and computes
 * @param threads how many threads it may use for one operation, at least 1
 */
public record EngineOptions(Device device, Precision precision, int threads) {
    /**
     * Checks the options.
     *
     * @param device where it computes
     * @param precision how it stores weights and computes
     * @param threads how many threads it may use for one operation, at least 1
     */
    public EngineOptions {
        Objects.requireNonNull(device, "device");
        Objects.requireNonNull(precision, "precision");
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1, got " + threads);
        }
    }

    /**
     * Single precision on the main processor, with as many threads as it has cores.
     *
     * @return the options
     */
    public static EngineOptions defaults() {
        return new EngineOptions(
                Device.CPU, Precision.FLOAT32, Runtime.getRuntime().availableProcessors());
    }
}
