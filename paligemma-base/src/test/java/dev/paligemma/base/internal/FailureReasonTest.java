package dev.paligemma.base.internal;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FailureReasonTest {
    private static final Path FILE = Path.of("folder", "file");
    private static final String NAME = FILE.toString();

    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of(new IOException("No space left on device"), "No space left on device"),
                Arguments.of(new IOException(), "the system gives no reason"),
                Arguments.of(new EOFException(), "it ends too early"),
                Arguments.of(new ClosedByInterruptException(), "the thread was interrupted"),
                Arguments.of(new EOFException("it ended at byte 7"), "it ended at byte 7"),
                Arguments.of(new FileSystemException(NAME, null, "Read-only file system"), "Read-only file system"),
                Arguments.of(new FileSystemException("other", null, "Is a directory"), "other: Is a directory"),
                Arguments.of(new FileSystemException(NAME), "the system gives no reason"),
                Arguments.of(new NoSuchFileException(NAME), "it does not exist"),
                Arguments.of(new AccessDeniedException(NAME), "access is denied"),
                Arguments.of(new AccessDeniedException("other"), "other: access is denied"),
                Arguments.of(new FileAlreadyExistsException("other"), "other: it exists already"),
                Arguments.of(new DirectoryNotEmptyException(NAME), "it is not empty"),
                Arguments.of(new NotDirectoryException(NAME), "it is not a folder"),
                Arguments.of(new FileSystemLoopException(NAME), "it leads back to itself"),
                Arguments.of(new FileSystemException(null, null, null), "the system gives no reason"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void saysInWordsWhatIsWrong(IOException failure, String words) {
        assertThat(FailureReason.of(failure, FILE)).isEqualTo(words);
    }
}
