package dev.paligemma.onnx.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The messages of loaders are those of glibc 2.36 and musl 1.2. */
class LoadFailureTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/c/libonnxruntime.so: /lib/libc.so.6: version `GLIBC_2.27' not found (required by /c/libonnxruntime.so)|expected glibc 2.27 or newer",
                "/c/libonnxruntime.so: failed to map segment from shared object: Operation not permitted|mounted noexec); choose another one with PALIGEMMA_CACHE",
                "libstdc++.so.6: cannot open shared object file: No such file or directory|install the one that is named",
                "No space left on device|the disk is full; choose another folder with PALIGEMMA_CACHE",
                "Unknown architecture|this is Plan 9 on mips"
            })
    void theReasonAndTheRemedyAreInOneLine(String reason, String remedy) {
        String told = LoadFailure.describe(
                new ExceptionInInitializerError(new UnsatisfiedLinkError(reason)), "Plan 9", "mips", false);

        assertThat(told)
                .startsWith("ONNX Runtime's native library cannot be loaded: ")
                .contains(remedy, reason)
                .hasLineCount(1);
    }

    @Test
    void muslIsNamed() {
        String told = LoadFailure.describe(
                new UnsatisfiedLinkError(
                        "Error loading shared library ld-linux-x86-64.so.2: No such file or directory"),
                "Linux",
                "amd64",
                true);

        assertThat(told).contains("musl, as Alpine Linux", "needs glibc");
    }

    @Test
    void aMissingTemporaryFolderIsNamed() {
        RuntimeException wrapped = new RuntimeException(
                "Failed to load onnx-runtime library", new NoSuchFileException("/gone/onnxruntime-java1"));

        assertThat(LoadFailure.describe(wrapped, "Linux", "amd64", false))
                .contains("the temporary folder " + System.getProperty("java.io.tmpdir"), "-Djava.io.tmpdir");
    }
}
