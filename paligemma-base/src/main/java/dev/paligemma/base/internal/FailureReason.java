package dev.paligemma.base.internal;

import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** Says in words why reading or writing a file failed, for messages. Stateless. */
public final class FailureReason {
    private FailureReason() {}

    /**
     * The reason, without names of classes, such as {@code No space left on device}; in front of it the file if it is
     * another than the one {@code named} by the message already.
     */
    public static String of(IOException failure, Path named) {
        if (!(failure instanceof FileSystemException system)) {
            return ofContent(failure);
        }
        String file = system.getFile();
        String reason = system.getReason() == null ? ofKind(system) : system.getReason();
        return file == null || file.equals(named.toString()) ? reason : file + ": " + reason;
    }

    /** Many of these have no reason, for their class tells it. */
    private static String ofKind(FileSystemException failure) {
        if (failure instanceof NoSuchFileException) {
            return "it does not exist";
        } else if (failure instanceof AccessDeniedException) {
            return "access is denied";
        } else if (failure instanceof FileAlreadyExistsException) {
            return "it exists already";
        } else if (failure instanceof DirectoryNotEmptyException) {
            return "it is not empty";
        } else if (failure instanceof NotDirectoryException) {
            return "it is not a folder";
        } else if (failure instanceof FileSystemLoopException) {
            return "it leads back to itself";
        }
        return "the system gives no reason";
    }

    private static String ofContent(IOException failure) {
        if (failure.getMessage() != null) {
            return failure.getMessage();
        }
        if (failure instanceof ClosedByInterruptException) {
            return "the thread was interrupted";
        }
        return failure instanceof EOFException ? "it ends too early" : "the system gives no reason";
    }
}
