package dev.paligemma.vision;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.vision.format.ImageException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Looks at files before they are opened, and says in words what is wrong with them. */
final class InputFiles {
    private InputFiles() {}

    /**
     * Checks that a path leads to a regular file, through links or not. Opening a pipe would block until somebody writes
     * to it, and a device may have no end.
     *
     * @param kind what the file should be, for messages
     * @param advice what to do about a pipe, appended to the message
     * @return its size in bytes
     * @throws ImageException if there is nothing, or something else
     */
    static long requireRegular(Path file, String kind, String advice) {
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(file, BasicFileAttributes.class);
        } catch (IOException e) {
            throw unreadable(file, kind, e);
        }
        if (attributes.isDirectory()) {
            throw new ImageException(file + " is a folder, not an " + kind);
        }
        if (!attributes.isRegularFile()) {
            throw new ImageException(file + " is not a regular file, but a pipe, a socket or a device" + advice);
        }
        return attributes.size();
    }

    /** The error for a file that could not be read. */
    static ImageException unreadable(Path file, String kind, IOException cause) {
        if (cause instanceof NoSuchFileException) {
            String link = Files.isSymbolicLink(file) ? ": it is a link to a file that does not exist" : "";
            return new ImageException("there is no " + kind + " " + file + link, cause);
        }
        return new ImageException("cannot read " + kind + " " + file + ": " + reason(cause, file), cause);
    }

    /** Why reading failed, without names of Java classes. */
    static String reason(IOException failure, Path file) {
        return failure instanceof ClosedByInterruptException
                ? "the thread was interrupted"
                : FailureReason.of(failure, file);
    }
}
