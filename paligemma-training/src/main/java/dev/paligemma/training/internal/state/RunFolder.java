package dev.paligemma.training.internal.state;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.TemporaryFolder;
import dev.paligemma.training.run.FineTuningException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The output folder of a run, which one process at a time has: a lock on a file in it says so, and the system drops it with
 * the process.
 */
public final class RunFolder implements AutoCloseable {
    private static final String LOCK_FILE = ".lock";

    /** What a run writes besides checkpoints, before the first of them: none of it is worth keeping alone. */
    private static final Set<String> OWN = Set.of(LOCK_FILE, "metrics.csv", "loss.svg");

    private final Path path;
    private final FileChannel channel;

    private RunFolder(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * Takes a folder, which is made if it is missing.
     *
     * @param resumes whether a run that is in it goes on; else it must be empty
     * @throws FineTuningException if another process has it, it is not empty, or it cannot be written
     */
    public static RunFolder take(Path folder, boolean resumes) {
        Path path = folder.toAbsolutePath().normalize();
        try {
            if (Files.exists(path) && !Files.isDirectory(path)) {
                throw new FineTuningException(
                        "the output " + path + " is a file, expected a folder; choose another one");
            }
            Files.createDirectories(path);
            requireFresh(path, resumes);
            FileChannel channel =
                    FileChannel.open(path.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (lock(channel) == null) {
                channel.close();
                throw new FineTuningException("the output folder " + path
                        + " is in use by another run; wait for its end, or choose another folder");
            }
            TemporaryFolder.removeAllStale(path);
            CheckpointStore.removeRemains(path);
            return new RunFolder(path, channel);
        } catch (IOException e) {
            throw new FineTuningException(
                    "cannot write to the output folder " + path + ": " + FailureReason.of(e, path), e);
        }
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // another run of this process
        }
    }

    private static void requireFresh(Path path, boolean resumes) throws IOException {
        if (resumes) {
            return;
        }
        try (Stream<Path> entries = Files.list(path)) {
            List<String> foreign = entries.map(entry -> entry.getFileName().toString())
                    .filter(name -> !OWN.contains(name) && !name.contains("tfevents") && !name.startsWith("."))
                    .sorted()
                    .toList();
            if (!foreign.isEmpty()) {
                throw new FineTuningException("the output folder " + path + " is not empty, it holds " + foreign.get(0)
                        + (foreign.stream().anyMatch(name -> name.startsWith(CheckpointStore.PREFIX))
                                ? "; resume the run that is in it, or choose another folder"
                                : "; choose another folder"));
            }
        }
    }

    /** The absolute path. */
    public Path path() {
        return path;
    }

    /** Gives the folder free. */
    @Override
    public void close() {
        try {
            channel.close();
            Files.deleteIfExists(path.resolve(LOCK_FILE));
        } catch (IOException e) {
            // The lock goes with the process at the latest; a file of no bytes may stay.
        }
    }
}
