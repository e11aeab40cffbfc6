package dev.paligemma.tiny;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TinyModelTest {
    private static final Map<String, byte[]> FILES = files("config", "weights");

    @TempDir
    Path cache;

    @Test
    void writesEveryFileAndNothingElse() throws IOException {
        Path folder = new TinyModel(cache, FILES).extract();

        assertHolds(folder, FILES);
    }

    @Test
    void createsTheCacheFolder() throws IOException {
        Path folder = new TinyModel(cache.resolve("a/b"), FILES).extract();

        assertThat(folder).startsWith(cache);
        assertHolds(folder, FILES);
    }

    @Test
    void usesTheSameFolderAgainWithoutWriting() throws IOException {
        Path first = new TinyModel(cache, FILES).extract();
        Object written = Files.readAttributes(first.resolve("config.json"), "creationTime,lastModifiedTime,fileKey");

        Path second = new TinyModel(cache, FILES).extract();

        assertThat(second).isEqualTo(first);
        assertThat(Files.readAttributes(second.resolve("config.json"), "creationTime,lastModifiedTime,fileKey"))
                .isEqualTo(written);
    }

    @Test
    void otherContentGoesToAnotherFolder() throws IOException {
        Path folder = new TinyModel(cache, FILES).extract();
        Map<String, byte[]> moved = files("configw", "eights");

        Path other = new TinyModel(cache, moved).extract();

        assertThat(other).isNotEqualTo(folder);
        assertHolds(folder, FILES);
        assertHolds(other, moved);
    }

    @Test
    void repairsFilesThatAreChangedCutOrGone() throws IOException {
        Path folder = new TinyModel(cache, FILES).extract();
        Path config = folder.resolve("config.json");
        Path weights = folder.resolve("model.safetensors");

        Files.writeString(weights, "wEights");
        assertHolds(new TinyModel(cache, FILES).extract(), FILES);

        Files.writeString(weights, "weigh");
        Files.delete(config);
        assertHolds(new TinyModel(cache, FILES).extract(), FILES);
    }

    @Test
    void replacesALinkByTheFile() throws IOException {
        Path folder = new TinyModel(cache, FILES).extract();
        Path weights = folder.resolve("model.safetensors");
        Path elsewhere = Files.writeString(cache.resolve("elsewhere"), "weights");
        Files.delete(weights);
        Files.createSymbolicLink(weights, elsewhere);

        new TinyModel(cache, FILES).extract();

        assertThat(weights).isRegularFile();
        assertThat(Files.isSymbolicLink(weights)).isFalse();
        assertThat(elsewhere).hasContent("weights");
    }

    @Test
    void saysWhereItCouldNotWrite() throws IOException {
        Path file = Files.writeString(cache.resolve("file"), "not a folder");

        assertThatThrownBy(() -> new TinyModel(file, FILES).extract())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContainingAll(file.toString(), "TinyModel.folder(...)");
    }

    @Test
    void doesNotWaitForALockThatIsNoFile() throws IOException {
        Files.createDirectories(cache.resolve("lock"));

        assertThatThrownBy(() -> new TinyModel(cache, FILES).extract())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("lock is not a regular file");
    }

    @Test
    void leavesNoTemporaryFileBehindWhenItFails() throws IOException {
        Path folder = new TinyModel(cache, FILES).extract();
        Files.delete(folder.resolve("config.json"));
        Files.createDirectories(folder.resolve("config.json/full"));

        assertThatThrownBy(() -> new TinyModel(cache, FILES).extract()).isInstanceOf(UncheckedIOException.class);

        assertThat(folder.resolve("incomplete.tmp")).doesNotExist();
    }

    @Test
    void processKilledWhileWritingLeavesNothingBehind() throws Exception {
        Path folder = null;
        for (int round = 0; round < 2; round++) {
            Process process = ExtractingProcess.start(cache);
            while (process.isAlive() && !anyTemporaryFile()) {
                Thread.sleep(1);
            }
            process.destroyForcibly().waitFor();

            folder = new TinyModel(cache, ExtractingProcess.FILES).extract();
            assertHolds(folder, ExtractingProcess.FILES);
            for (String name : ExtractingProcess.FILES.keySet()) {
                Files.delete(folder.resolve(name));
            }
        }
        assertThat(folder).isNotNull().isEmptyDirectory();
    }

    @Test
    void processesAndThreadsMayRace() throws Exception {
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            processes.add(ExtractingProcess.start(cache));
        }
        List<Path> folders = Stream.generate(() -> new TinyModel(cache, ExtractingProcess.FILES))
                .limit(8)
                .parallel()
                .map(TinyModel::extract)
                .toList();

        for (Process process : processes) {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        }
        assertThat(folders).containsOnly(folders.get(0));
        assertHolds(folders.get(0), ExtractingProcess.FILES);
    }

    private boolean anyTemporaryFile() throws IOException {
        try (Stream<Path> folders = Files.list(cache)) {
            return folders.anyMatch(folder -> Files.exists(folder.resolve("incomplete.tmp")));
        }
    }

    private static Map<String, byte[]> files(String config, String weights) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("config.json", config.getBytes(StandardCharsets.UTF_8));
        files.put("model.safetensors", weights.getBytes(StandardCharsets.UTF_8));
        return files;
    }

    private static void assertHolds(Path folder, Map<String, byte[]> files) throws IOException {
        try (Stream<Path> present = Files.list(folder)) {
            assertThat(present.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(files.keySet());
        }
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            assertThat(folder.resolve(file.getKey())).hasBinaryContent(file.getValue());
        }
    }
}
