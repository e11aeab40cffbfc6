package dev.paligemma.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A hub on this machine for each test, and a client with a cache of its own. */
@Timeout(120)
abstract class HubTest {
    static final String TOKEN = "hf_theSecretOfThisTest";
    static final String WEIGHTS = "model.safetensors";
    static final List<String> NEEDED = List.of(
            "config.json", "generation_config.json", "tokenizer.json", "preprocessor_config.json", "model.safetensors");
    static final HubModel MODEL = HubModel.parse(FakeHub.ID);

    @TempDir
    Path folder;

    FakeHub hub;

    @BeforeEach
    void startHub() throws IOException {
        hub = FakeHub.withCheckpoint();
    }

    @AfterEach
    void stopHub() throws IOException {
        hub.close();
    }

    Path cache() {
        return folder.resolve("cache");
    }

    Path store() {
        return cache().resolve("models--owner--tiny-model");
    }

    HubClient.Builder builder() {
        return builder(Map.of());
    }

    HubClient.Builder builder(Map<String, String> environment) {
        return new HubClient.Builder(new HubEnvironment(environment, folder.toString()))
                .endpoint(hub.address())
                .cacheFolder(cache())
                .token(TOKEN)
                .stallTimeout(Duration.ofSeconds(20))
                .backoff(Duration.ofMillis(1), Duration.ofMillis(20));
    }

    Path download() {
        return builder().build().snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);
    }

    HubException failure(HubClient client, HubModel model) {
        HubException failure = catchThrowableOfType(
                HubException.class, () -> client.snapshot(model, FileSet.CHECKPOINT, DownloadListener.NONE));
        assertThat(failure).isNotNull();
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        assertThat(text.toString()).doesNotContain(TOKEN).doesNotContain(FakeHub.SIGNATURE);
        return failure;
    }

    HubException failure() {
        return failure(builder().build(), MODEL);
    }

    void assertComplete(Path snapshot, List<String> files) {
        for (String file : files) {
            assertThat(snapshot.resolve(file)).hasBinaryContent(hub.get(file));
        }
    }

    void assertComplete(Path snapshot) {
        assertComplete(snapshot, NEEDED);
        try (Stream<Path> left = Files.list(store().resolve("blobs"))) {
            assertThat(left.map(each -> each.getFileName().toString())).noneMatch(each -> each.contains("incomplete"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(each -> !Files.isDirectory(each))
                    .map(each -> folder.relativize(each).toString().replace('\\', '/'))
                    .sorted()
                    .toList();
        }
    }

    static boolean refuse(OutputStream out, int status, String code) throws IOException {
        FakeHub.error(out, status, code, "You said " + TOKEN + ", red");
        return true;
    }
}
