package dev.paligemma.checkpoint.internal.convert;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.FileTrees;
import dev.paligemma.base.internal.TemporaryFolder;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.convert.ConversionException;
import dev.paligemma.checkpoint.convert.ConversionListener;
import dev.paligemma.checkpoint.internal.converted.ConvertedManifest;
import dev.paligemma.engine.Precision;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cache of converted checkpoints in a folder. Thread-safe; several processes may use one folder at once.
 *
 * <p>An entry is the folder {@code converted/<key>-<precision>-v<format>}, as {@link CheckpointConverter} writes it. The
 * key is a hash of the checkpoint's content, its weights and small files, and of the plan, so copies of a checkpoint in
 * several places share an entry and a changed checkpoint gets a new one. Hashing takes seconds; a memo of what the files
 * looked like from outside saves it at later starts. Entries are never changed and never removed, but for damaged ones:
 * delete the folder to get the room back.
 *
 * <p>One process converts at a time, under a lock on a file in the folder; a second one that wants the same waits and
 * uses the result. A process that is killed leaves nothing that loads, and the next conversion removes it. A folder that
 * cannot be written is fine as long as the entry is there.
 */
public final class ConvertedCheckpoints {
    private static final Logger LOG = LoggerFactory.getLogger(ConvertedCheckpoints.class);

    private static final String FOLDER = "converted";
    private static final String LOCK_FILE = ".lock";
    private static final int KEY_DIGITS = 32;
    private static final long POLL_MILLIS = 100;

    private final Path folder;

    /** Uses a folder, which is made when needed; nothing is read or written yet. */
    public ConvertedCheckpoints(Path cacheFolder) {
        this.folder = cacheFolder.toAbsolutePath().normalize().resolve(FOLDER);
    }

    /**
     * Finds the converted form of a checkpoint, or makes it; what is converted already is returned as it is. All
     * checksums of the folder that is returned have been compared, now or by an earlier call since which the files have
     * not been touched. The listener is not called when the cache has the checkpoint.
     *
     * @throws ConversionException if the conversion fails, see {@link CheckpointConverter#convert}, or the folder of
     *     the cache cannot be written and has no entry
     * @throws CheckpointException if the source cannot be read, or is converted for another precision
     */
    public Path obtain(Checkpoint source, ConversionPlan plan, ConversionListener listener) {
        Objects.requireNonNull(listener, "listener");
        try {
            if (source.precision() != Precision.FLOAT32) {
                plan.requireStoredIn(source);
                verifyOnce(source);
                return source.folder();
            }
            String content = contentOf(source);
            Path entry = entry(content, plan);
            if (Files.isDirectory(entry) && problem(source, entry, content, plan) == null) {
                return entry;
            }
            return obtainLocked(source, plan, listener, content, entry);
        } catch (InterruptedException | ClosedByInterruptException e) {
            Thread.currentThread().interrupt();
            throw new ConversionException("interrupted while converting " + source.folder(), e);
        } catch (IOException e) {
            throw new CheckpointException(
                    "cannot read " + source.folder() + ": " + FailureReason.of(e, source.folder()), e);
        }
    }

    private String contentOf(Checkpoint source) throws IOException, InterruptedException {
        SourceMemo memo = SourceMemo.of(folder, source);
        String known = memo.read();
        if (known != null) {
            return known;
        }
        LOG.info("reading {} to see whether it has been converted before", source.folder());
        String content = ContentHash.of(source);
        if (memo.agreesWith(SourceMemo.of(folder, source))) {
            memo.write(content);
        }
        return content;
    }

    private Path entry(String content, ConversionPlan plan) {
        String key = ContentHash.of(content + "\n" + plan.fingerprint()).substring(0, KEY_DIGITS);
        return folder.resolve(key + "-" + plan.precision() + "-v" + ConvertedManifest.FORMAT_VERSION);
    }

    /** Compares checksums, unless that has been done since the files were last changed in any way. */
    private void verifyOnce(Checkpoint converted) throws IOException {
        SourceMemo memo = SourceMemo.of(folder, converted);
        String expected = ConvertedManifest.read(converted.folder()).source();
        if (!expected.equals(memo.read())) {
            converted.verify();
            if (memo.agreesWith(SourceMemo.of(folder, converted))) {
                memo.write(expected);
            }
        }
    }

    /** What is wrong with an entry, or null. */
    private @Nullable CheckpointException problem(Checkpoint source, Path entry, String content, ConversionPlan plan)
            throws InterruptedException, IOException {
        try (Checkpoint converted = Checkpoint.open(entry, source.network())) {
            plan.requireStoredIn(converted);
            verifyOnce(converted);
            String stored = ConvertedManifest.read(entry).source();
            return stored.equals(content)
                    ? null
                    : new CheckpointException(entry + " was made from another checkpoint, " + stored);
        } catch (CheckpointException e) {
            // A good entry must not be taken for a damaged one because reading was interrupted.
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedException(e.getMessage());
            }
            return e;
        }
    }

    // The locks are held, not used.
    @SuppressWarnings("try")
    private Path obtainLocked(
            Checkpoint source, ConversionPlan plan, ConversionListener listener, String content, Path entry)
            throws InterruptedException, ClosedByInterruptException {
        try (ProcessLock inner = ProcessLock.acquire();
                FileChannel channel = lockFile();
                FileLock outer = lock(channel)) {
            if (Files.exists(entry, LinkOption.NOFOLLOW_LINKS)) {
                CheckpointException problem = problem(source, entry, content, plan);
                if (problem == null) {
                    return entry;
                }
                LOG.warn("removing a damaged converted checkpoint, it is made again: {}", problem.getMessage());
                remove(entry);
            }
            TemporaryFolder.removeAllStale(folder);
            CheckpointConverter.convert(source, plan, entry, listener, content);
            return entry;
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw new ConversionException(
                    "cannot write to the cache folder " + folder + ": " + FailureReason.of(e, folder)
                            + "; choose another one with cacheDirectory(...) of the builder or the environment"
                            + " variable PALIGEMMA_CACHE",
                    e);
        }
    }

    private FileChannel lockFile() throws IOException {
        Files.createDirectories(folder);
        Path file = folder.resolve(LOCK_FILE);
        // Opening a pipe would block for ever, and a link may lead to a file that must not be touched.
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new ConversionException("the lock file of the cache, " + file
                    + ", is not a regular file; remove it, or choose another folder with cacheDirectory(...) of the builder or"
                    + " the environment variable PALIGEMMA_CACHE");
        }
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    }

    /** Asks again and again: unlike waiting inside the system, this can be interrupted everywhere. */
    private FileLock lock(FileChannel channel) throws IOException, InterruptedException {
        WaitNotice notice = null;
        while (true) {
            FileLock lock = tryLock(channel);
            if (lock != null) {
                return lock;
            }
            if (notice == null) {
                LOG.info("waiting for another conversion into {}", folder);
                notice = new WaitNotice(folder, System.nanoTime());
            }
            String warning = notice.after(System.nanoTime());
            if (warning != null) {
                LOG.warn(warning);
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // This library is loaded twice in one process, and the other one converts.
            return null;
        }
    }

    /** Under another name first: what is half deleted must not be found. */
    private void remove(Path entry) throws IOException {
        Path aside = folder.resolve("." + entry.getFileName() + ".converting-damaged-" + UUID.randomUUID());
        Files.move(entry, aside, StandardCopyOption.ATOMIC_MOVE);
        FileTrees.delete(aside);
    }
}
