package dev.paligemma.cli;

import static dev.paligemma.cli.Outcome.assertRefused;
import static dev.paligemma.cli.Outcome.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.hub.FakeHub;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models by their names on a hub; the hub is on the loopback interface. */
class HubCommandsTest {
    @TempDir
    Path folder;

    private Outcome runWith(FakeHub hub, String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of("--hub-endpoint", hub.address(), "--hub-cache", cache().toString()));
        return run(all.toArray(new String[0]));
    }

    private Path cache() {
        return folder.resolve("hub");
    }

    private static String lines(String... lines) {
        return Stream.of(lines).map(line -> line + System.lineSeparator()).reduce("", String::concat);
    }

    @Test
    void downloadPrintsTheFolderThatOtherCommandsTake() throws IOException {
        try (FakeHub hub = FakeHub.serving(TinyModel.folder())) {
            Outcome downloaded = runWith(hub, "download", FakeHub.ID);

            Path snapshot =
                    cache().resolve("models--owner--tiny-model/snapshots").resolve(FakeHub.COMMIT);
            assertThat(downloaded.exitCode()).as(downloaded.err()).isZero();
            assertThat(downloaded.out()).isEqualTo(lines(snapshot.toString()));
            assertThat(downloaded.err())
                    .contains("paligemma: downloading owner/tiny-model: 0 % of ")
                    .contains("paligemma: downloading owner/tiny-model: 100 % of ");

            assertThat(runWith(hub, "download", FakeHub.ID + "@" + FakeHub.COMMIT))
                    .isEqualTo(downloadedAgain(downloaded));
        }
        assertThat(run("caption", "--model", FakeHub.ID, "--offline", "--hub-cache", cache().toString()))
                .isEqualTo(new Outcome(0, lines(TinyModel.CAPTION), ""));
    }

    private static Outcome downloadedAgain(Outcome first) {
        return new Outcome(0, first.out(), "");
    }

    @Test
    void tokenizeDownloadsTheTokenizerOnly() throws IOException {
        try (FakeHub hub = FakeHub.serving(TinyModel.folder())) {
            Outcome tokenized = runWith(hub, "tokenize", "caption en", "--model", FakeHub.ID, "--quiet");

            assertThat(tokenized).isEqualTo(run("tokenize", "caption en"));
            try (Stream<Path> files = Files.walk(cache())) {
                assertThat(files.map(each -> each.getFileName().toString()))
                        .contains("tokenizer.json")
                        .doesNotContain("model.safetensors");
            }
        }
    }

    @Test
    void anAdapterMayBeOnTheHub() throws IOException {
        Path adapter = RandomAdapter.write(folder.resolve("lora"), 7);
        try (FakeHub hub = FakeHub.serving(adapter)) {
            Outcome remote = runWith(hub, "caption", "--adapter", FakeHub.ID, "--quiet");

            assertThat(remote).isEqualTo(run("caption", "--adapter", adapter.toString()));
            assertThat(runWith(hub, "download", FakeHub.ID, "--adapter").exitCode())
                    .isZero();
        }
    }

    @Test
    void modelsMayLieInAFolderAndBeGivenByTheirPage() throws IOException {
        try (FakeHub hub = FakeHub.serving(folder)) {
            try (Stream<Path> files = Files.list(TinyModel.folder())) {
                for (Path file : files.toList()) {
                    hub.put("runs/last/" + file.getFileName(), Files.readAllBytes(file));
                }
            }
            Outcome named = runWith(hub, "download", FakeHub.ID + "/runs/last", "--quiet");

            assertThat(named.out()).endsWith(lines(Path.of("runs", "last").toString()));
            assertThat(runWith(hub, "download", "https://hf.co/" + FakeHub.ID + "/tree/main/runs/last", "--quiet"))
                    .isEqualTo(named);
            assertThat(runWith(hub, "caption", "--model", "hf.co/" + FakeHub.ID + "/blob/main/runs/last/config.json")
                            .out())
                    .isEqualTo(lines(TinyModel.CAPTION));
            Outcome whole = runWith(hub, "caption", "--model", FakeHub.ID, "--quiet");
            assertRefused(whole);
            assertThat(whole.err()).contains("as in " + FakeHub.ID + "/runs/last");
        }
        Outcome stranger = run("caption", "--model", "https://example.com/google/paligemma-3b-mix-224");
        assertRefused(stranger);
        assertThat(stranger.err()).contains("is an address", "give google/paligemma-3b-mix-224");
    }

    /** The hub that it must not ask has no such model. */
    @Test
    void infoKnowsPublishedModelsWithoutDownloading() throws IOException {
        try (FakeHub hub = FakeHub.serving(TinyModel.folder())) {
            Outcome info = runWith(hub, "info", "--model", "google/paligemma-3b-mix-448@bfloat16");

            assertThat(info.exitCode()).as(info.err()).isZero();
            assertThat(info.err()).isEmpty();
            assertThat(info.out())
                    .contains("google/paligemma-3b-mix-448, not downloaded", "2,924,351,216", "448 x 448 pixels")
                    .contains("main: F32, 11.70 GB to download", "bfloat16: BF16, 5.85 GB to download")
                    .contains("memory          precision");
            assertThat(cache()).doesNotExist();
            assertThat(runWith(hub, "info", "--model", "google/paligemma-3b-mix-448", "--json")
                            .out())
                    .contains("\"downloaded\":false", "\"parameters\":2924351216");
        }
    }

    @Test
    void downloadHealsWhatIsDamaged() throws IOException {
        try (FakeHub hub = FakeHub.serving(TinyModel.folder())) {
            Path weights = Path.of(
                    runWith(hub, "download", FakeHub.ID, "--quiet").out().strip(), "model.safetensors");
            Files.write(weights, new byte[0]);
            assertRefused(runWith(hub, "caption", "--model", FakeHub.ID));

            assertThat(runWith(hub, "download", FakeHub.ID, "--quiet").exitCode())
                    .isZero();

            assertThat(weights).hasSameBinaryContentAs(TinyModel.folder().resolve("model.safetensors"));
        }
    }

    /** The hub has no such branch, but is asked. */
    @Test
    void infoDoesNotSpeakOfRevisionsThatItDoesNotKnow() throws IOException {
        try (FakeHub hub = FakeHub.serving(TinyModel.folder())) {
            assertRefused(runWith(hub, "info", "--model", "google/paligemma-3b-mix-448@nowhere"));
        }
    }

    @Test
    void infoOfOtherModelsDownloadsTheirConfigurationOnly() throws IOException {
        try (FakeHub hub = FakeHub.serving(TinyModel.folder())) {
            Outcome info = runWith(hub, "info", "--model", FakeHub.ID, "--quiet");

            assertThat(info.exitCode()).as(info.err()).isZero();
            assertThat(info.out())
                    .contains(FakeHub.ID + ", not downloaded", "vision encoder", "memory          precision");
            try (Stream<Path> files = Files.walk(cache())) {
                assertThat(files.map(each -> each.getFileName().toString()))
                        .contains("config.json")
                        .doesNotContain("tokenizer.json", "model.safetensors");
            }
            assertThat(runWith(hub, "info", "--model", FakeHub.ID, "--json").out())
                    .contains("\"downloaded\":false", "\"imageSize\":");

            runWith(hub, "download", FakeHub.ID);
            assertThat(runWith(hub, "info", "--model", FakeHub.ID).out())
                    .contains("stored as")
                    .doesNotContain("not downloaded");
        }
    }

    @Test
    void refusesWhatIsNeitherAFolderNorAModel() throws IOException {
        try (FakeHub hub = FakeHub.serving(TinyModel.folder())) {
            Outcome other = runWith(hub, "info", "--model", "owner/other");
            assertRefused(other);
            assertThat(other.err())
                    .contains("there is no folder owner/other here")
                    .contains("HTTP 404");

            Outcome offline = runWith(hub, "info", "--model", FakeHub.ID, "--offline");
            assertRefused(offline);
            assertThat(offline.err()).contains("not in the cache", "(HF_HUB_OFFLINE or --offline)");

            assertRefused(runWith(hub, "download", FakeHub.ID, "--revision", "nowhere"));
            Outcome twice = runWith(hub, "download", FakeHub.ID + "@main", "--revision", "other");
            assertRefused(twice);
            assertThat(twice.err()).contains("names the revision main, and other was chosen beside it");
        }
        Outcome neither = run("info", "--model", "nowhere");
        assertRefused(neither);
        assertThat(neither.err()).contains("no folder nowhere").contains("owner/name");
        assertRefused(run("download", "nowhere"));
        assertRefused(run("caption", "--revision", "main"));
        assertRefused(run("caption", "--revision", "main", "--model", folder.toString()));
        assertRefused(run("caption", "--adapter", "nowhere"));
    }
}
