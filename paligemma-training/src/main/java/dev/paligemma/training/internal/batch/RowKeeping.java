package dev.paligemma.training.internal.batch;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the rows of pictures are kept. Immutable.
 *
 * @param memoryBytes how many bytes outside the Java heap at most
 * @param folder where a temporary file takes what has no room there; empty for none
 * @param fileBytes how large that file may grow
 */
public record RowKeeping(long memoryBytes, Optional<Path> folder, long fileBytes) {
    /** Nothing is kept: for pictures that are others each time. */
    public static final RowKeeping NONE = new RowKeeping(0, Optional.empty(), 0);

    /** In memory only. */
    public static RowKeeping inMemory(long bytes) {
        return new RowKeeping(bytes, Optional.empty(), 0);
    }

    /** In memory first, then in a file as large as it needs to be. */
    public static RowKeeping inMemoryAndFolder(long bytes, Path folder) {
        return new RowKeeping(bytes, Optional.of(folder), Long.MAX_VALUE);
    }
}
