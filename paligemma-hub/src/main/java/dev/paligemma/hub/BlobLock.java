package dev.paligemma.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets one download at a time, of all threads and processes, write a partial file. The system drops it when the process
 * ends, however it ends.
 *
 * <p>The threads of this process need a register of their own: closing any channel of a file drops the locks that the whole
 * process has on it, so a second thread must not even open it.
 */
record BlobLock(Path key, @Nullable FileChannel channel) implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BlobLock.class);

    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    /** Takes the lock of a file, whose folder exists, if it is free; null if somebody else has it. */
    static @Nullable BlobLock tryAcquire(Path file) throws IOException {
        Path key = Objects.requireNonNull(file.getParent(), "folder of the lock")
                .toRealPath()
                .resolve(file.getFileName());
        if (!HELD.add(key)) {
            return null;
        }
        FileChannel channel = null;
        boolean acquired = false;
        try {
            channel = FileChannel.open(
                    key, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
            BlobLock lock = lock(key, channel);
            acquired = lock != null;
            return lock;
        } finally {
            if (!acquired) {
                if (channel != null) {
                    channel.close();
                }
                HELD.remove(key);
            }
        }
    }

    private static @Nullable BlobLock lock(Path key, FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock == null ? null : new BlobLock(key, channel);
        } catch (OverlappingFileLockException e) {
            return null; // this library is loaded twice in one process
        } catch (IOException e) {
            LOG.debug("{} cannot be locked: {}", key, e.toString());
            channel.close();
            return new BlobLock(key, null);
        }
    }

    /** Whether no other process can have it; some network file systems know no locks. */
    boolean isExclusive() {
        return channel != null;
    }

    @Override
    public void close() {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            LOG.debug("closing {}: {}", key, e.toString());
        } finally {
            HELD.remove(key);
        }
    }
}
