package dev.paligemma.retrieval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.paligemma.hub.FakeHub;
import dev.paligemma.hub.HubClient;
import dev.paligemma.hub.HubException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters that name their base, as those of colpali_engine are published; the hub is on the loopback interface. */
class HubAdaptersTest {
    @TempDir
    Path folder;

    private HubClient client(FakeHub hub) {
        return HubClient.builder()
                .endpoint(hub.address())
                .cacheFolder(folder.resolve("cache"))
                .token(null)
                .offline(false)
                .build();
    }

    private Path adapterFor(String base) throws IOException {
        Path adapter = Files.createDirectory(folder.resolve("adapter"));
        Path original = RowsGolden.folder("engine-adapter");
        Files.copy(original.resolve("adapter_model.safetensors"), adapter.resolve("adapter_model.safetensors"));
        String config = Files.readString(original.resolve("adapter_config.json"));
        assertThat(config).contains("\"engine-pg1\"");
        Files.writeString(adapter.resolve("adapter_config.json"), config.replace("engine-pg1", base));
        return adapter;
    }

    @Test
    void theBaseOfAnAdapterIsDownloaded() throws IOException {
        try (FakeHub hub = FakeHub.serving(RowsGolden.folder("engine-pg1"));
                PageEncoder encoder = PageEncoder.builder()
                        .hub(client(hub))
                        .checkpoint(adapterFor(FakeHub.ID))
                        .build()) {
            assertThat(encoder.layout()).isEqualTo(PromptLayout.COLPALI_ENGINE);
            for (RowsGolden golden : RowsGolden.read("engine-adapter", PromptLayout.COLPALI_ENGINE)) {
                assertThat(golden.differenceTo(golden.by(encoder)))
                        .as("%s", golden)
                        .isLessThan(1e-4);
            }
        }
    }

    @Test
    void anAdapterOnTheHubIsFoundToBeOne() throws IOException {
        try (FakeHub hub = FakeHub.serving(adapterFor("owner/base"))) {
            PageEncoderBuilder builder = PageEncoder.builder().hub(client(hub)).model(FakeHub.ID);
            assertThatExceptionOfType(HubException.class)
                    .isThrownBy(builder::build)
                    .withMessageContaining("owner/base");
        }
    }
}
