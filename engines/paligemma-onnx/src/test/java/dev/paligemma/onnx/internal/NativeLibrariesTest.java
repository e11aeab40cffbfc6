package dev.paligemma.onnx.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeLibrariesTest {
    @TempDir
    Path cache;

    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, linux-x64",
        "Linux, aarch64, linux-aarch64",
        "Mac OS X, aarch64, osx-aarch64",
        "Windows 11, amd64, win-x64",
        "FreeBSD, amd64, freebsd-x64"
    })
    void systemsAreCalledAsInTheArchive(String os, String arch, String platform) {
        assertThat(NativeLibraries.platform(os, arch)).isEqualTo(platform);
    }

    @Test
    void librariesAreUnpackedOnceAndMendedWhenTheyAreDamaged() throws IOException {
        Path folder = NativeLibraries.unpack("linux-x64", cache);

        assertThat(folder).isNotNull().hasParent(cache);
        assertThat(files(folder)).containsExactly("libonnxruntime.so", "libonnxruntime4j_jni.so");
        Path small = folder.resolve("libonnxruntime4j_jni.so");
        byte[] content = Files.readAllBytes(small);
        Object first = Files.readAttributes(folder.resolve("libonnxruntime.so"), "unix:ino")
                .get("ino");

        byte[] damaged = content.clone();
        damaged[damaged.length / 2]++;
        Files.write(small, damaged);
        assertThat(NativeLibraries.unpack("linux-x64", cache)).isEqualTo(folder);

        assertThat(small).hasBinaryContent(content);
        assertThat(Files.readAttributes(folder.resolve("libonnxruntime.so"), "unix:ino"))
                .as("the good file stays")
                .containsEntry("ino", first);
        assertThat(files(folder)).hasSize(2);
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aSystemWithoutLibrariesGetsNothing() throws IOException {
        assertThat(NativeLibraries.unpack("plan9-x64", cache)).isNull();
        assertThat(cache).isEmptyDirectory();
    }

    @Test
    void anEngineLoadsThemFromTheCacheFolder() {
        NativeLibraries.prepare();

        assertThat(Path.of(System.getProperty(NativeLibraries.PATH)).resolve(System.mapLibraryName("onnxruntime")))
                .isRegularFile();
    }
}
