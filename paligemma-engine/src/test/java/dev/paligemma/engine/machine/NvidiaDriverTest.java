package dev.paligemma.engine.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NvidiaDriverTest {
    @TempDir
    Path folder;

    private void gpu(String bus, String information) throws IOException {
        Files.writeString(
                Files.createDirectories(folder.resolve("gpus").resolve(bus)).resolve("information"), information);
    }

    @Test
    void readsVersionAndModels() throws IOException {
        Files.writeString(folder.resolve("version"), """
                NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024
                GCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04)
                """);
        gpu("0000:3b:00.0", "Model: \t\t NVIDIA A10\nIRQ:   \t\t 16\n");
        gpu("0000:18:00.0", "Model: \t\t NVIDIA H200\nIRQ:   \t\t 15\nBus Type: \t PCIe\n");

        assertThat(NvidiaDriver.in(folder))
                .contains(new NvidiaDriver("550.54.15", List.of("NVIDIA H200", "NVIDIA A10")));
    }

    @Test
    void readsTheVersionOfTheOpenModule() {
        assertThat(NvidiaDriver.number(
                        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  560.35.03  Release Build"))
                .isEqualTo("560.35.03");
        assertThat(NvidiaDriver.number("NVRM version: 1234.10")).isEqualTo("1234.10");
    }

    @Test
    void thereIsNoDriverWithoutItsFiles() {
        assertThat(NvidiaDriver.in(folder.resolve("missing"))).isEmpty();
        assertThat(NvidiaDriver.in(folder)).isEmpty();
    }

    @Test
    void aDriverMayKeepQuiet() throws IOException {
        gpu("0000:18:00.0", "IRQ: 15\n");

        assertThat(NvidiaDriver.in(folder)).contains(new NvidiaDriver("", List.of("unknown model")));
    }

    @Property
    void findsTheVersionInAnyText(
            @ForAll @IntRange(min = 100, max = 9999) int major, @ForAll @IntRange(max = 999) int minor) {
        assertThat(NvidiaDriver.number("x86_64 " + major + "." + minor + " 12:30:00"))
                .isEqualTo(major + "." + minor);
    }

    @Property
    void readsAnyText(@ForAll String text) {
        assertThat(NvidiaDriver.model(text)).isNotNull();
        assertThat(NvidiaDriver.number(text)).doesNotContain(" ");
    }
}
