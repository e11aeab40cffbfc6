package dev.paligemma.checkpoint.internal.convert;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.FileTrees;
import dev.paligemma.base.internal.TemporaryFolder;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.convert.ConversionException;
import dev.paligemma.checkpoint.convert.ConversionListener;
import dev.paligemma.checkpoint.internal.convert.ConversionTasks.Task;
import dev.paligemma.checkpoint.internal.converted.ConvertedManifest;
import dev.paligemma.engine.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a checkpoint of quantised weights: a folder that stands for itself, with copies of the small files, one file of
 * weights, and a {@link ConvertedManifest} with the checksums of all of them.
 *
 * <p>The folder appears whole or not at all. It is written under another name beside its place, forced to disk and then
 * renamed; a process that is killed leaves a hidden folder {@code .<name>.converting-<id>}, which is no checkpoint and
 * which the next conversion to that place removes.
 *
 * <p>Weights are read and written in pieces, by up to 16 threads that live as long as the call and need some 7 MB each (more only for rows of over a million weights).
 * They are threads of their own, not those of the common pool, so that their number and memory are known and nobody else
 * waits for the disk with them. One conversion runs at a time in a process; others wait.
 */
public final class CheckpointConverter {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointConverter.class);

    /** The block of nearly all file systems. */
    private static final long BLOCK_BYTES = 4096;

    private final Checkpoint source;
    private final ConversionPlan plan;
    private final Path target;
    private final ConversionListener listener;

    private CheckpointConverter(Checkpoint source, ConversionPlan plan, Path target, ConversionListener listener) {
        this.source = Objects.requireNonNull(source, "source");
        this.plan = Objects.requireNonNull(plan, "plan");
        this.target = target.toAbsolutePath().normalize();
        this.listener = Objects.requireNonNull(listener, "listener");
        if (this.target.getFileName() == null) {
            throw new IllegalArgumentException(target + " cannot be the folder of a checkpoint");
        }
    }

    /**
     * Converts an open original checkpoint into a folder that is not there yet or is empty.
     *
     * @throws ConversionException if the source is converted already, or has not the weights of the plan, or weights
     *     that are not finite; if something is in the place of the folder; if the folder cannot be written, or the disk
     *     has not enough room (the message says how much is needed and free); if the thread is interrupted, which keeps
     *     its interrupted status
     */
    public static void convert(Checkpoint source, ConversionPlan plan, Path targetFolder, ConversionListener listener) {
        new CheckpointConverter(source, plan, targetFolder, listener).convert(null);
    }

    /** The same, when the hash of the source's content is known. */
    static void convert(
            Checkpoint source, ConversionPlan plan, Path targetFolder, ConversionListener listener, String hash) {
        new CheckpointConverter(source, plan, targetFolder, listener).convert(hash);
    }

    // The lock is held, not used.
    @SuppressWarnings("try")
    private void convert(@Nullable String knownHash) {
        if (source.precision() != Precision.FLOAT32) {
            throw new ConversionException(source.folder() + " holds weights for " + source.precision()
                    + " already; convert the original checkpoint");
        }
        plan.requireWeightsOf(source);
        ConvertedLayout layout = new ConvertedLayout(source, plan);
        List<Task> tasks = ConversionTasks.of(source, plan);
        long neededBytes = 0;
        try (ProcessLock lock = ProcessLock.acquire()) {
            long start = System.nanoTime();
            neededBytes = neededBytes(source, layout);
            prepareTarget(neededBytes);
            String hash = knownHash != null ? knownHash : ContentHash.of(source);
            try (TemporaryFolder temporary = TemporaryFolder.beside(target)) {
                write(temporary, layout, tasks, hash);
            }
            LOG.info(
                    "converted {} for {} in {} ms: {}",
                    source.folder(),
                    plan.precision(),
                    (System.nanoTime() - start) / 1_000_000,
                    target);
        } catch (InterruptedException | ClosedByInterruptException e) {
            Thread.currentThread().interrupt();
            throw new ConversionException("interrupted while converting " + source.folder(), e);
        } catch (IOException e) {
            throw failed(e, neededBytes);
        }
    }

    /** What all files take on a disk that gives room in blocks. */
    static long neededBytes(Checkpoint source, ConvertedLayout layout) throws IOException {
        List<Long> sizes = new ArrayList<>(SmallFiles.sizes(source));
        sizes.add(layout.fileBytes());
        sizes.add(ConvertedManifest.mostBytes(sizes.size(), layout.fileBytes()));
        long needed = 0;
        for (long size : sizes) {
            needed = Math.addExact(needed, (size + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES);
        }
        return needed;
    }

    private void prepareTarget(long neededBytes) throws IOException {
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS) && !FileTrees.isEmptyFolder(target)) {
            throw new ConversionException(target + " exists already, expected nothing or an empty folder there");
        }
        Path parent = Objects.requireNonNull(target.getParent(), "parent");
        if (Files.exists(parent) && !Files.isDirectory(parent)) {
            throw new ConversionException(
                    "cannot write the converted checkpoint " + target + ": " + parent + " is not a folder",
                    new NotDirectoryException(parent.toString()));
        }
        Files.createDirectories(parent);
        TemporaryFolder.removeStale(target);
        long free = Files.getFileStore(parent).getUsableSpace();
        if (free < neededBytes) {
            throw new ConversionException("not enough room for " + target + ": " + neededBytes + " bytes are needed, "
                    + free + " bytes are free");
        }
    }

    private void write(TemporaryFolder temporary, ConvertedLayout layout, List<Task> tasks, String contentHash)
            throws IOException, InterruptedException {
        Path folder = temporary.path();
        List<String> names = new ArrayList<>();
        for (SmallFiles.SmallFile file : SmallFiles.contents(source)) {
            Path copy = folder.resolve(file.name());
            Files.write(copy, file.bytes(), StandardOpenOption.CREATE_NEW);
            FileTrees.forceFile(copy);
            names.add(file.name());
        }
        long total = tasks.stream().mapToLong(Task::sourceBytes).sum();
        ProgressReporter progress = new ProgressReporter(listener, source, plan, total);
        progress.start();
        writeWeights(folder.resolve(ConvertedManifest.WEIGHTS), layout, tasks, progress);
        names.add(ConvertedManifest.WEIGHTS);
        ConvertedManifest.describe(folder, names, plan.precision(), contentHash).write(folder);
        FileTrees.forceFile(folder.resolve(ConvertedManifest.FILE_NAME));
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedException("interrupted");
        }
        temporary.moveTo(target);
        progress.end();
    }

    private void writeWeights(Path file, ConvertedLayout layout, List<Task> tasks, ProgressReporter progress)
            throws IOException, InterruptedException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer header = ByteBuffer.wrap(layout.headerBytes());
            while (header.hasRemaining()) {
                channel.write(header, header.position());
            }
            Workers.run(tasks.size(), ConversionTasks.MAX_THREADS, () -> {
                TaskRunner runner = new TaskRunner(source, layout, channel);
                return index -> {
                    runner.run(tasks.get(index));
                    progress.add(tasks.get(index).sourceBytes());
                };
            });
            channel.force(true);
        }
    }

    private ConversionException failed(IOException e, long neededBytes) {
        if (e instanceof FileAlreadyExistsException taken && target.toString().equals(taken.getFile())) {
            return new ConversionException(
                    target
                            + " has appeared while the checkpoint was converted, expected nothing or an empty folder there",
                    e);
        }
        return new ConversionException(
                "cannot write the converted checkpoint " + target + ": " + FailureReason.of(e, target)
                        + shortage(neededBytes, e),
                e);
    }

    /** Both sizes if there is too little room, which may have another reason than this conversion; else nothing. */
    private String shortage(long neededBytes, IOException failure) {
        try {
            long free = Files.getFileStore(nearestFolder()).getUsableSpace();
            return free < neededBytes ? " (" + neededBytes + " bytes are needed, " + free + " bytes are free)" : "";
        } catch (IOException unknown) {
            failure.addSuppressed(unknown);
            return "";
        }
    }

    private Path nearestFolder() {
        Path folder = target;
        while (!Files.exists(folder) && folder.getParent() != null) {
            folder = folder.getParent();
        }
        return folder;
    }
}
