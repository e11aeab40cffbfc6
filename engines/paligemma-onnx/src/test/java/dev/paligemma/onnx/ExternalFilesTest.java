package dev.paligemma.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.engine.EngineException;
import dev.paligemma.onnx.internal.OnnxGraph;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExternalFilesTest {
    private static final Path CHECKPOINT = Path.of("checkpoint");

    @TempDir
    Path folder;

    private Path common(String... files) {
        return ExternalFiles.commonFolder(
                List.of(files).stream().map(folder::resolve).toList(), CHECKPOINT);
    }

    @Test
    void oneFolderIsItself() {
        assertThat(common("a/one", "a/two")).isEqualTo(folder.resolve("a"));
    }

    @Test
    void severalFoldersMeetInTheDeepestThatHoldsAll() {
        assertThat(common("a/b/one", "a/b/c/two", "a/d/three")).isEqualTo(folder.resolve("a"));
        assertThat(common("a/one", "a/b/two")).isEqualTo(folder.resolve("a"));
        assertThat(common("ab/one", "a/two")).isEqualTo(folder);
    }

    @Test
    void farFoldersMeetInTheRoot() {
        Path root = folder.getRoot();
        Path common =
                ExternalFiles.commonFolder(List.of(root.resolve("some/where"), root.resolve("else/where")), CHECKPOINT);
        assertThat(common).isEqualTo(root);
    }

    /** The JVM would give ONNX Runtime another name. */
    @Test
    void noFolderHasARareCharacter() {
        assertThat(common("größe 猫/\uD83D\uDE00/deep/one")).isEqualTo(folder.resolve("größe 猫"));
    }

    @Test
    void namesBothDrives() throws IOException {
        URI archive = URI.create("jar:" + folder.resolve("drive.zip").toUri());
        try (FileSystem drive = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
            Path here = folder.resolve("one");
            Path there = drive.getPath("/two");
            assertThatThrownBy(() -> ExternalFiles.commonFolder(List.of(here, there), CHECKPOINT))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("one drive only")
                    .hasMessageContaining("checkpoint")
                    .hasMessageContaining(here.toString())
                    .hasMessageContaining(there.toString())
                    .hasMessageContaining("int8");
        }
    }

    @Test
    void aGraphWithoutFilesNeedsNoFolder() {
        assertThat(new ExternalFiles().writeTo(new OnnxGraph("empty"), CHECKPOINT))
                .isNull();
    }
}
