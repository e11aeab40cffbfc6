package dev.paligemma.base.internal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder that is being written and gets its name when it is complete.
 *
 * <p>It lies beside its target. A lock on a file in it tells other processes that its owner lives: the system drops the
 * lock of a killed process, and the next conversion removes what that one left. Within one process the caller must allow
 * one at a time.
 */
public final class TemporaryFolder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TemporaryFolder.class);

    private static final String MARK = ".converting-";
    private static final String LOCK_FILE = "lock";

    /** The owner makes the folder a moment before the lock, and drops the lock a moment before the folder is renamed. */
    private static final Duration WITHOUT_LOCK = Duration.ofMinutes(1);

    private final Path path;
    private final FileChannel channel;
    private boolean moved;

    private TemporaryFolder(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /** Makes an empty folder beside the place that it will have. */
    public static TemporaryFolder beside(Path target) throws IOException {
        Path path = target.resolveSibling("." + target.getFileName() + MARK + UUID.randomUUID());
        Files.createDirectory(path);
        FileChannel channel = null;
        try {
            channel =
                    FileChannel.open(path.resolve(LOCK_FILE), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            if (channel.tryLock() == null) {
                throw new IOException("the lock in the new folder " + path + " is taken");
            }
            return new TemporaryFolder(path, channel);
        } catch (IOException | RuntimeException e) {
            if (channel != null) {
                channel.close();
            }
            FileTrees.delete(path);
            throw e;
        }
    }

    /** Removes the folders that killed processes left beside the target; those of living ones stay. */
    public static void removeStale(Path target) throws IOException {
        removeStale(parentOf(target), "." + target.getFileName() + MARK);
    }

    /** Removes the folders that killed processes left in a folder, whatever their targets. */
    public static void removeAllStale(Path parent) throws IOException {
        removeStale(parent, "");
    }

    private static void removeStale(Path parent, String prefix) throws IOException {
        DirectoryStream.Filter<Path> filter = path -> {
            String name = path.getFileName().toString();
            return name.startsWith(".") && name.startsWith(prefix) && name.contains(MARK);
        };
        try (DirectoryStream<Path> candidates = Files.newDirectoryStream(parent, filter)) {
            for (Path candidate : candidates) {
                if (isStale(candidate)) {
                    LOG.info("removing {}, left by a conversion that was killed", candidate);
                    FileTrees.delete(candidate);
                }
            }
        }
    }

    private static boolean isStale(Path folder) throws IOException {
        Path lockFile = folder.resolve(LOCK_FILE);
        // Whatever else has that name is no lock; opening a pipe would block for ever.
        if (!Files.isRegularFile(lockFile, LinkOption.NOFOLLOW_LINKS)) {
            Instant changed = Files.getLastModifiedTime(folder).toInstant();
            return changed.isBefore(Instant.now().minus(WITHOUT_LOCK));
        }
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE)) {
            try (FileLock lock = channel.tryLock()) {
                return lock != null;
            } catch (OverlappingFileLockException e) {
                return false;
            }
        }
    }

    private static Path parentOf(Path target) {
        return Objects.requireNonNull(target.toAbsolutePath().getParent(), "parent");
    }

    /** Where it lies now: an existing folder with a lock file in it. */
    public Path path() {
        return path;
    }

    /**
     * Gives the folder its name in one step, and makes sure that it lasts.
     *
     * @param target not there, or an empty folder
     * @throws FileAlreadyExistsException if something else is there
     * @throws IOException if the folder cannot be renamed
     */
    public void moveTo(Path target) throws IOException {
        channel.close();
        Files.delete(path.resolve(LOCK_FILE));
        FileTrees.forceFolder(path);
        rename(target);
        moved = true;
        FileTrees.forceFolder(parentOf(target));
    }

    /** Systems differ in what they call a place that is taken, and another process can take it between the two steps. */
    private void rename(Path target) throws IOException {
        try {
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS) && !FileTrees.isEmptyFolder(target)) {
                throw new FileAlreadyExistsException(target.toString());
            }
            Files.deleteIfExists(target);
            Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (FileSystemException e) {
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS) && !FileTrees.isEmptyFolder(target)) {
                FileAlreadyExistsException taken = new FileAlreadyExistsException(target.toString());
                taken.initCause(e);
                throw taken;
            }
            throw e;
        }
    }

    /** Removes the folder unless it was moved. */
    @Override
    public void close() throws IOException {
        if (!moved) {
            try {
                channel.close();
            } finally {
                FileTrees.delete(path);
            }
        }
    }
}
