package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.hub.DownloadProgress;
import dev.paligemma.hub.FakeHub;
import dev.paligemma.hub.HubClient;
import dev.paligemma.hub.HubException;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints and adapters by their names on a hub; the hub is on the loopback interface. */
class HubModelsTest {
    private static final Path SHARDED = Golden.root("/golden").resolve("pg1-sharded");

    @TempDir
    Path folder;

    private FakeHub hub;

    @BeforeEach
    void startHub() throws IOException {
        hub = FakeHub.serving(SHARDED);
    }

    @AfterEach
    void stopHub() throws IOException {
        hub.close();
    }

    private HubClient client() {
        return HubClient.builder()
                .endpoint(hub.address())
                .cacheFolder(folder)
                .token(null)
                .offline(false)
                .build();
    }

    private PipelineBuilder builder() {
        return PaliGemmaPipeline.builder().hub(client());
    }

    @Test
    void answersAsFromAFolder() throws IOException {
        List<DownloadProgress> heard = new ArrayList<>();
        try (PaliGemmaPipeline remote =
                        builder().model(FakeHub.ID).onDownload(heard::add).build();
                PaliGemmaPipeline local = PaliGemmaPipeline.load(SHARDED);
                Stream<Path> files = Files.list(SHARDED)) {
            Path picture = files.filter(each -> each.toString().endsWith(".png"))
                    .findFirst()
                    .orElseThrow();
            GenerationRequest request = GenerationRequest.builder()
                    .image(RgbImage.read(picture))
                    .prompt("caption en")
                    .maxNewTokens(8)
                    .build();

            assertThat(remote.generate(request).tokenIds())
                    .isEqualTo(local.generate(request).tokenIds());
            assertThat(remote.info().folder()).startsWith(folder).hasFileName(FakeHub.COMMIT);
            assertThat(remote.info().folder().resolve("golden.json")).doesNotExist();
        }
        assertThat(heard).last().satisfies(each -> assertThat(each.finished()).isTrue());
    }

    @Test
    void aRevisionCanBeChosen() {
        try (PaliGemmaPipeline pipeline =
                builder().model(FakeHub.ID).revision(FakeHub.COMMIT).build()) {
            assertThat(pipeline.info().folder()).hasFileName(FakeHub.COMMIT);
        }
        PipelineBuilder nowhere = builder().model(FakeHub.ID).revision("nowhere");
        assertThatThrownBy(nowhere::build)
                .isInstanceOf(HubException.class)
                .extracting(e -> ((HubException) e).kind())
                .isEqualTo(HubException.Kind.NO_SUCH_REVISION);
        PipelineBuilder twice = builder().model(FakeHub.ID + "@main").revision("other");
        assertThatThrownBy(twice::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("revision main", "other", "expected one of them");
    }

    @Test
    void anAdapterMayBeOnTheHub() {
        PipelineBuilder builder = builder().checkpoint(SHARDED).adapter("mine", FakeHub.ID);

        assertThatThrownBy(builder::build)
                .isInstanceOf(HubException.class)
                .hasMessageContaining("adapter_config.json")
                .hasMessageContaining("looks like a whole model");
    }

    @Test
    void archivesOfBigVisionAreModelsByName() throws IOException {
        Path archive = BigVisionCheckpointTest.archiveWithTokenizer("pg1-gqa-bf16", folder.resolve("archive"));
        GenerationRequest request = GenerationRequest.builder()
                .image(RgbImage.of(28, 28, new byte[28 * 28 * 3]))
                .prompt("caption en")
                .maxNewTokens(4)
                .build();
        try (FakeHub jax = FakeHub.serving(archive);
                PaliGemmaPipeline remote = PaliGemmaPipeline.builder()
                        .hub(HubClient.builder()
                                .endpoint(jax.address())
                                .cacheFolder(folder.resolve("cache"))
                                .token(null)
                                .offline(false)
                                .build())
                        .model(FakeHub.ID)
                        .build();
                PaliGemmaPipeline local = PaliGemmaPipeline.load(archive)) {
            assertThat(remote.generate(request).tokenIds())
                    .isEqualTo(local.generate(request).tokenIds());
        }
    }

    @Test
    void modelsMayLieInFoldersOfARepository() throws IOException {
        try (Stream<Path> files = Files.list(SHARDED)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                hub.put("checkpoint-500/" + file.getFileName(), Files.readAllBytes(file));
            }
        }
        try (PaliGemmaPipeline pipeline = builder()
                .model(FakeHub.ID + "/checkpoint-500@" + FakeHub.COMMIT)
                .build()) {
            assertThat(pipeline.info().folder()).endsWith(Path.of(FakeHub.COMMIT, "checkpoint-500"));
        }
        PipelineBuilder nowhere = builder().checkpoint(SHARDED).adapter("a", FakeHub.ID + "/lora");
        assertThatThrownBy(nowhere::build).hasMessageContainingAll("lora/adapter_config.json");
    }

    @Test
    void refusesContradictions() {
        assertThatThrownBy(() -> builder().build()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> builder().model(FakeHub.ID).checkpoint(SHARDED).build())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(FakeHub.ID);
        assertThatThrownBy(
                        () -> builder().checkpoint(SHARDED).revision("bfloat16").build())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("bfloat16");
        assertThatThrownBy(() -> builder().model("paligemma")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder().revision("..")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PaliGemmaPipeline.fromPretrained("/tmp/folder"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder().adapter("a", FakeHub.ID).adapter("a", SHARDED))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
