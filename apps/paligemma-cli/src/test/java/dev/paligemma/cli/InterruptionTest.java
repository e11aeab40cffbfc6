package dev.paligemma.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class InterruptionTest {
    @TempDir
    Path folder;

    @Test
    @DisabledOnOs(OS.WINDOWS) // there is no polite way to end a process
    void aCommandThatIsToldToEndDoes() throws Exception {
        Process process = endless();
        try (InputStream out = process.getInputStream()) {
            assertThat(out.read()).isNotNegative();
            process.destroy();

            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(128 + 15);
            assertThat(folder.resolve("err")).isEmptyFile();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aCommandWithoutAReaderEnds() throws Exception {
        Process process = endless();
        try {
            try (InputStream out = process.getInputStream()) {
                assertThat(out.read()).isNotNegative();
            }

            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(1);
            assertThat(folder.resolve("err")).isEmptyFile();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void nothingIsInterruptedThatHasEnded() {
        Interruption interruption = new Interruption();
        interruption.close();

        assertThat(interruption.interrupt()).isTrue();
        assertThat(interruption.isRequested()).isFalse();
        assertThat(Thread.interrupted()).isFalse();
    }

    /** Writes about a thousand characters one by one: long enough to be interrupted. */
    private Process endless() throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // What newer JVMs want to hear before they let native code in without a warning; the archive's manifest says
        // it, too.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--enable-native-access"))
                .forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of("caption", "--regex", "[0-9]{1000}", "--max-new-tokens", "2000"));
        return new ProcessBuilder(command)
                .redirectError(folder.resolve("err").toFile())
                .start();
    }
}
