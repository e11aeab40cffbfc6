package dev.paligemma.base.internal;

import dev.paligemma.base.PaliGemmaException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Finds and checks files before they are read; {@code failure} makes the exceptions. Stateless. */
public final class InputFiles {
    /** Systems follow some 40 before they give up. */
    private static final int MAX_LINKS = 40;

    private InputFiles() {}

    /**
     * The real path of a regular file, links resolved: the hub's cache keeps every file as a link into another folder.
     * Fails if there is no such file, it is a folder, a pipe or a device, or something else lies in its place.
     */
    public static Path regular(Path file, Failure failure) {
        Path real;
        try {
            real = file.toRealPath();
        } catch (NoSuchFileException e) {
            throw failure.of(file + " does not exist" + missingTarget(file), e);
        } catch (IOException e) {
            throw unreadable(file, e, failure);
        }
        // Opening a pipe would block for ever.
        if (!Files.isRegularFile(real)) {
            String kind = Files.isDirectory(real) ? "a folder" : "a pipe, a socket or a device";
            throw failure.of(file + " is not a regular file, but " + kind);
        }
        StandIn.refuse(file, real, failure);
        return real;
    }

    /**
     * Refuses a folder, a pipe or a device that has taken the place of a file that was regular when it was looked at; what
     * is gone is left to the one who opens it.
     */
    public static void requireStillRegular(Path real, Failure failure) {
        if (Files.exists(real) && !Files.isRegularFile(real)) {
            throw failure.of(real + " has changed since it was opened: it is not a regular file any more");
        }
    }

    /** The size of a file in bytes. */
    public static long size(Path real, Failure failure) {
        try {
            return Files.size(real);
        } catch (IOException e) {
            throw unreadable(real, e, failure);
        }
    }

    /** The bytes of a regular file; fails if it is missing, or larger than {@code maxBytes}. */
    public static byte[] readAll(Path file, int maxBytes, Failure failure) {
        Path real = regular(file, failure);
        try (InputStream in = Files.newInputStream(real)) {
            byte[] bytes = in.readNBytes(maxBytes + 1);
            if (bytes.length > maxBytes) {
                throw failure.of(file + " has more than " + maxBytes + " bytes");
            }
            return bytes;
        } catch (IOException e) {
            throw unreadable(file, e, failure);
        }
    }

    /** The exception for a failed read. */
    public static PaliGemmaException unreadable(Path file, IOException cause, Failure failure) {
        if (cause instanceof ClosedByInterruptException) {
            return failure.of("interrupted while reading " + file, cause);
        }
        return failure.of("cannot read " + file + ": " + FailureReason.of(cause, file), cause);
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
