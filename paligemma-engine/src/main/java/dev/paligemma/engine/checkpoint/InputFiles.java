package dev.paligemma.engine.checkpoint;

import dev.paligemma.base.internal.FailureReason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Finding and checking files before they are read. */
final class InputFiles {
    /** Systems follow some 40 before they give up. */
    private static final int MAX_LINKS = 40;

    private InputFiles() {}

    /**
     * The real path of a regular file, links resolved: the hub's cache keeps every file as a link into another folder.
     *
     * @throws CheckpointException if there is no such file, or it is a folder, a pipe or a device
     */
    static Path regular(Path file) {
        Path real;
        try {
            real = file.toRealPath();
        } catch (NoSuchFileException e) {
            throw new CheckpointException(file + " does not exist" + missingTarget(file), e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
        // Opening a pipe would block for ever.
        if (!Files.isRegularFile(real)) {
            throw new CheckpointException(file + " is not a regular file");
        }
        return real;
    }

    /**
     * Refuses what has taken the place of a file that was regular when it was looked at.
     *
     * @throws CheckpointException if it is a folder, a pipe or a device; what is gone is left to the one who opens it
     */
    static void requireStillRegular(Path real) {
        if (Files.exists(real) && !Files.isRegularFile(real)) {
            throw new CheckpointException(real + " has changed since it was opened: it is not a regular file any more");
        }
    }

    /** The size of a real path. */
    static long size(Path real) {
        try {
            return Files.size(real);
        } catch (IOException e) {
            throw unreadable(real, e);
        }
    }

    /**
     * The bytes of a regular file.
     *
     * @throws CheckpointException if it is missing, or larger than the limit
     */
    static byte[] readAll(Path file, int maxBytes) {
        Path real = regular(file);
        try (InputStream in = Files.newInputStream(real)) {
            byte[] bytes = in.readNBytes(maxBytes + 1);
            if (bytes.length > maxBytes) {
                throw new CheckpointException(file + " has more than " + maxBytes + " bytes");
            }
            return bytes;
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** The exception for a failed read of that file. */
    static CheckpointException unreadable(Path file, IOException cause) {
        if (cause instanceof ClosedByInterruptException) {
            return new CheckpointException("interrupted while reading " + file, cause);
        }
        return new CheckpointException("cannot read " + file + ": " + FailureReason.of(cause, file), cause);
    }

    /** Where a dangling link leads, through other links if need be: the missing part of a partial download. */
    private static String missingTarget(Path file) {
        Path target = file.toAbsolutePath();
        try {
            for (int links = 0; links < MAX_LINKS && Files.isSymbolicLink(target); links++) {
                // Links resolved first, for ".." leads out of the folder that a link stands for.
                Path folder = target.resolveSibling("").toRealPath();
                target = folder.resolve(Files.readSymbolicLink(target)).normalize();
            }
        } catch (IOException e) {
            return " (a link to a missing file)";
        }
        return Files.isSymbolicLink(file) ? " (a link to a missing file: " + target + ")" : "";
    }
}
