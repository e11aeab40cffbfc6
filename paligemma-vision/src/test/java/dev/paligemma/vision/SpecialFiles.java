package dev.paligemma.vision;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.function.Executable;

/** Things in a folder that are not files, where the system has them. */
final class SpecialFiles {
    private SpecialFiles() {}

    /** Makes a pipe that nobody writes to: opening it blocks. */
    static Path pipe(Path path) throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfifo")), "a system with pipes in folders");
        assumeTrue(
                new ProcessBuilder("/usr/bin/mkfifo", path.toString()).start().waitFor() == 0);
        return path;
    }

    /** Makes a link to a device that gives zeros without end. */
    static Path endlessDevice(Path link) throws IOException {
        Path device = Path.of("/dev/zero");
        assumeTrue(Files.exists(device), "a system with /dev/zero");
        return Files.createSymbolicLink(link, device);
    }

    /** Lets a call that hangs fail instead of stopping all tests; the time is far more than any call needs. */
    static void assertAnswers(Executable call) {
        assertTimeoutPreemptively(Duration.ofSeconds(60), call);
    }
}
