package dev.paligemma.checkpoint.internal.convert;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a user is told who waits for another process, once and only if it lasts: most conversions of others are found
 * finished, and a large one takes minutes without any other sign of life. Not thread-safe.
 */
final class WaitNotice {
    static final Duration PATIENCE = Duration.ofSeconds(3);

    private final Path folder;
    private final long startNanos;
    private boolean given;

    /** Starts to wait for the process that writes to a folder, at a {@link System#nanoTime()}. */
    WaitNotice(Path folder, long nowNanos) {
        this.folder = folder;
        this.startNanos = nowNanos;
    }

    /** The warning to give at a {@link System#nanoTime()}, or null. */
    @Nullable
    String after(long nowNanos) {
        if (given || nowNanos - startNanos < PATIENCE.toNanos()) {
            return null;
        }
        given = true;
        return "waiting for another process that converts a checkpoint into " + folder;
    }
}
