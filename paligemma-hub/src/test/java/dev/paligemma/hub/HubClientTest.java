package dev.paligemma.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.paligemma.hub.FakeServer.Request;
import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class HubClientTest {
    private static final String TOKEN = "hf_theSecretOfThisTest";
    private static final String WEIGHTS = "model.safetensors";
    private static final List<String> NEEDED = List.of(
            "config.json", "generation_config.json", "tokenizer.json", "preprocessor_config.json", "model.safetensors");
    private static final HubModel MODEL = HubModel.parse(FakeHub.ID);

    @TempDir
    Path folder;

    private FakeHub hub;

    @BeforeEach
    void startHub() throws IOException {
        hub = FakeHub.withCheckpoint();
    }

    @AfterEach
    void stopHub() throws IOException {
        hub.close();
    }

    private Path cache() {
        return folder.resolve("cache");
    }

    private Path store() {
        return cache().resolve("models--owner--tiny-model");
    }

    private HubClient.Builder builder() {
        return builder(Map.of());
    }

    private HubClient.Builder builder(Map<String, String> environment) {
        return new HubClient.Builder(new HubEnvironment(environment, folder.toString()))
                .endpoint(hub.address())
                .cacheFolder(cache())
                .token(TOKEN)
                .stallTimeout(Duration.ofSeconds(20))
                .backoff(Duration.ofMillis(1), Duration.ofMillis(20));
    }

    private Path download() {
        return builder().build().snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);
    }

    private HubException failure(HubClient client, HubModel model) {
        HubException failure = catchThrowableOfType(
                HubException.class, () -> client.snapshot(model, FileSet.CHECKPOINT, DownloadListener.NONE));
        assertThat(failure).isNotNull();
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        assertThat(text.toString()).doesNotContain(TOKEN).doesNotContain(FakeHub.SIGNATURE);
        return failure;
    }

    private HubException failure() {
        return failure(builder().build(), MODEL);
    }

    private void assertComplete(Path snapshot, List<String> files) {
        for (String file : files) {
            assertThat(snapshot.resolve(file)).hasBinaryContent(hub.get(file));
        }
    }

    private void assertComplete(Path snapshot) {
        assertComplete(snapshot, NEEDED);
        try (Stream<Path> left = Files.list(store().resolve("blobs"))) {
            assertThat(left.map(each -> each.getFileName().toString())).noneMatch(each -> each.contains("incomplete"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(each -> !Files.isDirectory(each))
                    .map(each -> folder.relativize(each).toString().replace('\\', '/'))
                    .sorted()
                    .toList();
        }
    }

    // What is downloaded

    @Test
    void downloadsWhatACheckpointNeedsAndNothingElse() throws IOException {
        Path snapshot = download();

        assertThat(snapshot).isEqualTo(store().resolve("snapshots").resolve(FakeHub.COMMIT));
        assertComplete(snapshot);
        assertThat(names(snapshot)).containsExactlyInAnyOrderElementsOf(NEEDED);
        assertThat(hub.downloads()).noneMatch(each -> each.path().contains("README"));
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void layoutIsThatOfThePythonLibrary() throws IOException {
        Path snapshot = download();

        assertThat(Files.readSymbolicLink(snapshot.resolve("config.json")))
                .isEqualTo(Path.of("../../blobs", hub.etag("config.json")));
        assertThat(Files.readSymbolicLink(snapshot.resolve(WEIGHTS)))
                .isEqualTo(Path.of("../../blobs", hub.etag(WEIGHTS)));
        assertThat(store().resolve("refs/main")).hasContent(FakeHub.COMMIT);
        assertThat(names(store().resolve(".no_exist").resolve(FakeHub.COMMIT)))
                .containsExactly("paligemma.json", "processor_config.json", "vae-oid.npz");
        assertThat(names(store().resolve("blobs"))).hasSameSizeAs(NEEDED);
    }

    @Test
    void downloadsTheShardsOfAnIndex() throws IOException {
        shards("{\"metadata\": {\"total_size\": 3}, \"weight_map\": {\"a\": \"model-1.safetensors\","
                + " \"b\": \"model-2.safetensors\", \"c\": \"model-1.safetensors\"}}");

        Path snapshot = download();

        assertComplete(snapshot, List.of("model.safetensors.index.json", "model-1.safetensors", "model-2.safetensors"));
        assertThat(snapshot.resolve("model-3.safetensors")).doesNotExist();
    }

    private void shards(String index) {
        hub.remove(WEIGHTS);
        hub.put("model.safetensors.index.json", index);
        hub.put("model-1.safetensors", FakeHub.content(11, 200_000));
        hub.put("model-2.safetensors", FakeHub.content(12, 100_000));
        hub.put("model-3.safetensors", FakeHub.content(13, 1_000));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../../../evil.safetensors",
                "/tmp/evil.safetensors",
                "..\\\\evil.safetensors",
                "C:evil.safetensors",
                "sub/evil.safetensors",
                "evil\\u0000.safetensors",
                "evil.bin",
                "con.safetensors",
                ""
            })
    void refusesIndexThatNamesOtherThanShards(String name) throws IOException {
        shards("{\"weight_map\": {\"a\": \"" + name + "\"}}");

        HubException failure = failure();

        assertThat(failure.kind()).isEqualTo(Kind.BAD_ANSWER);
        assertThat(failure).hasMessageContaining("expected a .safetensors file in the same folder");
        assertThat(names(folder)).allMatch(each -> each.startsWith("cache/"));
        assertThat(names(folder)).noneMatch(each -> each.contains("evil"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "[]", "", "{\"weight_map\": {\"a\": 1}}", "{\"weight_map\"", "\u0000"})
    void refusesIndexThatIsNone(String index) {
        shards(index);

        assertThat(failure().kind()).isEqualTo(Kind.BAD_ANSWER);
    }

    @Test
    void refusesIndexOfShardsThatAreNotThere() {
        shards("{\"weight_map\": {\"a\": \"model-9.safetensors\"}}");

        assertThat(failure()).hasMessageContaining("model-9.safetensors").hasMessageContaining("lacks");
    }

    @Test
    void saysWhatAModelLacks() {
        hub.remove("config.json");
        hub.remove(WEIGHTS);
        hub.put("adapter_config.json", "{}");

        HubException failure = failure();

        assertThat(failure.kind()).isEqualTo(Kind.NOT_FOUND);
        assertThat(failure)
                .hasMessageContaining("config.json")
                .hasMessageContaining("model.safetensors or model.safetensors.index.json")
                .hasMessageContaining("looks like an adapter")
                .hasMessageContaining("README.md");
    }

    @Test
    void downloadsAnAdapter() throws IOException {
        hub.put("adapter_config.json", "{}");
        hub.put("adapter_model.safetensors", FakeHub.content(5, 1000));

        Path snapshot = builder().build().snapshot(MODEL, FileSet.ADAPTER, DownloadListener.NONE);

        assertThat(names(snapshot)).containsExactly("adapter_config.json", "adapter_model.safetensors");
    }

    @Test
    void downloadsFilesByName() throws IOException {
        hub.put("sub folder/ä.txt", "text");

        Path snapshot = builder().build().snapshot(MODEL, FileSet.of("sub folder/ä.txt"), DownloadListener.NONE);

        assertThat(snapshot.resolve("sub folder").resolve("ä.txt")).hasContent("text");
    }

    @Test
    void emptyFilesAreFiles() {
        hub.put("generation_config.json", "");

        assertThat(download().resolve("generation_config.json")).isEmptyFile();
    }

    // Revisions and the cache

    @Test
    void aBranchIsAskedForOnceMore() {
        Path first = download();
        int before = hub.hub().requests().size();

        assertThat(download()).isEqualTo(first);

        assertThat(hub.hub().requests()).hasSize(before + 1);
    }

    @Test
    void aCommitInTheCacheNeedsNoNetwork() {
        Path first = download();
        int before = hub.hub().requests().size();

        Path again = builder()
                .build()
                .snapshot(MODEL.withRevision(FakeHub.COMMIT), FileSet.CHECKPOINT, DownloadListener.NONE);

        assertThat(again).isEqualTo(first);
        assertThat(hub.hub().requests()).hasSize(before);
    }

    @Test
    void aBranchThatMovedIsDownloadedWithoutWhatIsTheSame() throws IOException {
        Path first = download();
        String next = "f".repeat(40);
        hub.revision("main", next);
        hub.put("config.json", "{\"changed\": true}");
        int before = hub.downloads().size();

        Path second = download();

        assertThat(second).isNotEqualTo(first);
        assertComplete(second);
        assertThat(hub.downloads()).hasSize(before + 1);
        assertThat(store().resolve("refs/main")).hasContent(next);
        assertThat(first.resolve("config.json")).hasContent("{\"model_type\": \"paligemma\"}");
    }

    @Test
    void revisionsMayHaveSlashes() {
        hub.revision("refs/pr/1", "e".repeat(40));

        Path snapshot =
                builder().build().snapshot(MODEL.withRevision("refs/pr/1"), FileSet.CHECKPOINT, DownloadListener.NONE);

        assertThat(snapshot.getFileName()).hasToString("e".repeat(40));
        assertThat(store().resolve("refs/refs/pr/1")).hasContent("e".repeat(40));
    }

    @Test
    void offlineUsesTheCache() throws IOException {
        Path first = download();
        hub.close();
        HubClient offline = builder().offline(true).build();

        assertThat(offline.snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE))
                .isEqualTo(first);
        assertThat(offline.snapshot(MODEL.withRevision(FakeHub.COMMIT), FileSet.CHECKPOINT, DownloadListener.NONE))
                .isEqualTo(first);
    }

    @Test
    void offlineSaysWhatTheCacheLacks() throws IOException {
        HubClient offline = builder(Map.of("HF_HUB_OFFLINE", "yes")).build();
        assertThat(failure(offline, MODEL).kind()).isEqualTo(Kind.OFFLINE);
        assertThat(hub.hub().requests()).isEmpty();

        Files.delete(download().resolve(WEIGHTS));

        assertThat(failure(offline, MODEL)).hasMessageContaining(WEIGHTS).hasMessageContaining("HF_HUB_OFFLINE");
        assertThat(failure(offline, MODEL.withRevision("other"))).hasMessageContaining("not in the cache");
    }

    @Test
    void whatWasDownloadedBeforeIsUsedWhenTheHubIsDown() throws IOException {
        Path first = download();
        hub.close();

        assertThat(download()).isEqualTo(first);
    }

    @ParameterizedTest
    @CsvSource({"401, GatedRepo", "403, GatedRepo", "404, RepoNotFound", "401, RepoNotFound", "403, DisabledRepo"})
    void whatWasDownloadedBeforeIsUsedWhenTheHubRefuses(int status, String code) {
        Path first = download();
        hub.onHub((request, out) -> refuse(out, status, code));

        assertThat(download()).isEqualTo(first);
    }

    // What is damaged in the cache

    @Test
    void damagedContentsAreDownloadedAgainIfTheyAreLookedAt() throws IOException {
        Path snapshot = download();
        byte[] turned = hub.get(WEIGHTS).clone();
        turned[5] ^= 4;
        Files.write(snapshot.resolve(WEIGHTS), turned);
        Files.write(snapshot.resolve("config.json"), new byte[0]);
        HubClient checking = builder().checkCache(true).build();

        HubException offline = failure(builder().checkCache(true).offline(true).build(), MODEL);
        assertThat(offline.kind()).isEqualTo(Kind.CORRUPT);
        assertThat(offline).hasMessageContainingAll(hub.etag(WEIGHTS), hub.etag("config.json"), "switched off");
        assertThat(download().resolve(WEIGHTS)).hasBinaryContent(turned);
        assertThat(checking.snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE))
                .isEqualTo(snapshot);
        assertComplete(snapshot);
    }

    @Test
    void damagedIndexesAndShardsAreDownloadedAgainIfTheyAreLookedAt() throws IOException {
        hub.remove(WEIGHTS);
        String index = "model.safetensors.index.json";
        hub.put(index, "{\"weight_map\": {\"a\": \"m-1.safetensors\", \"b\": \"m-2.safetensors\"}}");
        hub.put("m-1.safetensors", FakeHub.content(1, 1000));
        hub.put("m-2.safetensors", FakeHub.content(2, 1000));
        Path snapshot = download();
        HubClient checking = builder().checkCache(true).build();
        for (String damaged : List.of(index, "m-2.safetensors")) {
            Files.writeString(snapshot.resolve(damaged), "{}");

            checking.snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);

            assertComplete(snapshot, List.of(index, "m-1.safetensors", "m-2.safetensors"));
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void linksInThePlaceOfPartialFilesAreNotFollowed() throws IOException {
        Path stranger = Files.writeString(folder.resolve("stranger"), "not ours");
        Files.createDirectories(store().resolve("blobs"));
        Files.createSymbolicLink(
                store().resolve("blobs").resolve(hub.etag(WEIGHTS) + ".paligemma.incomplete"), stranger);

        assertComplete(download());
        assertThat(stranger).hasContent("not ours");
    }

    @Test
    void aSnapshotWithoutEverythingIsNotUsedWhenTheHubIsDown() throws IOException {
        Files.delete(download().resolve(WEIGHTS));
        hub.close();

        assertThat(failure().kind()).isEqualTo(Kind.UNREACHABLE);
    }

    @Test
    void aNewerCommitThatCannotBeDownloadedIsNotReplacedByAnOlderOne() {
        download();
        hub.revision("main", "f".repeat(40));
        hub.put(WEIGHTS, FakeHub.content(77, 1000));
        hub.onCdn((request, out) -> refuse(out, 500, null));

        assertThat(failure().kind()).isEqualTo(Kind.UNREACHABLE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "main", "../../../etc/passwd", "0123456789ABCDEF0123456789ABCDEF01234567"})
    void aDamagedReferenceIsIgnoredAndMadeAnew(String content) throws IOException {
        download();
        Files.writeString(store().resolve("refs/main"), content);

        assertThat(failure(builder().offline(true).build(), MODEL).kind()).isEqualTo(Kind.OFFLINE);
        assertComplete(download());
        assertThat(store().resolve("refs/main")).hasContent(FakeHub.COMMIT);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aLinkToNothingIsMended() throws IOException {
        Path snapshot = download();
        Files.delete(store().resolve("blobs").resolve(hub.etag(WEIGHTS)));

        assertComplete(download());
        assertThat(Files.isSymbolicLink(snapshot.resolve(WEIGHTS))).isTrue();
    }

    @Test
    void aContentOfTheWrongSizeIsDownloadedAgain() throws IOException {
        Path snapshot = download();
        Files.delete(snapshot.resolve(WEIGHTS));
        Files.writeString(store().resolve("blobs").resolve(hub.etag(WEIGHTS)), "cut off");

        assertComplete(download());
    }

    @Test
    void withoutLinksFilesLieInTheSnapshot() throws IOException {
        HubClient client = builder(Map.of("HF_HUB_DISABLE_SYMLINKS", "1")).build();
        hub.put("processor_config.json", new String(hub.get("preprocessor_config.json"), StandardCharsets.UTF_8));

        Path snapshot = client.snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);

        assertComplete(snapshot);
        assertThat(snapshot.resolve("processor_config.json")).exists();
        assertThat(names(snapshot)).noneMatch(each -> Files.isSymbolicLink(snapshot.resolve(each)));
        assertThat(client.snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE))
                .isEqualTo(snapshot);
    }

    // Refusals

    private static boolean refuse(OutputStream out, int status, String code) throws IOException {
        FakeHub.error(out, status, code, "You said " + TOKEN + ", red");
        return true;
    }

    @Test
    void gatedModelsSayWhichPageAndHowToGiveAToken() {
        hub.onHub((request, out) -> request.method().equals("HEAD") && refuse(out, 401, "GatedRepo"));

        HubException failure = failure(builder().token(null).build(), MODEL, TOKEN);

        assertThat(failure.kind()).isEqualTo(Kind.GATED);
        assertThat(failure)
                .hasMessageContaining("accept the terms on " + hub.address() + "/owner/tiny-model")
                .hasMessageContaining("HF_TOKEN")
                .hasMessageContaining(folder.resolve(".cache/huggingface/token").toString());
    }

    /** As {@link #failure()}, for a message that may hold what is no secret of this client. */
    private static HubException failure(HubClient client, HubModel model, String noSecret) {
        assertThat(client.toString()).doesNotContain(noSecret);
        return catchThrowableOfType(
                HubException.class, () -> client.snapshot(model, FileSet.CHECKPOINT, DownloadListener.NONE));
    }

    @Test
    void gatedModelsSayThatTheTokenIsOfSomebodyElse() {
        hub.onHub((request, out) -> request.method().equals("HEAD") && refuse(out, 403, "GatedRepo"));

        HubException failure = failure();

        assertThat(failure.kind()).isEqualTo(Kind.GATED);
        assertThat(failure)
                .hasMessageContaining("the account that the token belongs to")
                .hasMessageContaining("You said ***, ");
    }

    @Test
    void headersThatCannotBeReadDoNotShowTheTokenThatTheyEcho() {
        hub.onHub((request, out) -> {
            FakeServer.head(out, 401, Map.of("X-Error-Message", TOKEN + "\u001b[31m", "Content-Length", 0));
            return true;
        });

        assertThat(failure()).hasMessageContaining("***");
    }

    @Test
    void refusalsAreTyped() {
        assertThat(failure(builder().build(), HubModel.parse("owner/other")).kind())
                .isEqualTo(Kind.NOT_FOUND);
        assertThat(failure(builder().build(), MODEL.withRevision("nowhere")).kind())
                .isEqualTo(Kind.NO_SUCH_REVISION);
        hub.onHub((request, out) -> refuse(out, 401, null));
        assertThat(failure().kind()).isEqualTo(Kind.UNAUTHORIZED);
        hub.onHub((request, out) -> refuse(out, 403, null));
        assertThat(failure().kind()).isEqualTo(Kind.UNAUTHORIZED);
        hub.onHub((request, out) -> refuse(out, 401, "RepoNotFound"));
        assertThat(failure().kind()).isEqualTo(Kind.NOT_FOUND);
        hub.onHub((request, out) -> refuse(out, 418, null));
        assertThat(failure().kind()).isEqualTo(Kind.BAD_ANSWER);
    }

    @Test
    void refusalsAreNotRepeated() {
        hub.onHub((request, out) -> refuse(out, 404, "RepoNotFound"));

        failure();

        assertThat(hub.hub().requests()).hasSize(1);
    }

    @Test
    void whoeverSpeaksAnotherLanguageIsNoHub() {
        hub.onHub((request, out) -> {
            FakeHub.json(out, "<html>Please log in to the hotel's network</html>");
            return true;
        });
        assertThat(failure()).hasMessageContaining("not a Hugging Face hub").hasMessageContaining("proxy");

        hub.onHub((request, out) -> {
            if (!request.method().equals("HEAD")) {
                return false;
            }
            FakeServer.head(out, 200, Map.of("Content-Length", 5));
            return true;
        });
        assertThat(failure()).hasMessageContaining("X-Repo-Commit");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"sha\": \"main\", \"siblings\": []}",
                "{\"sha\": \"../../0123456789abcdef0123456789abcdef01\", \"siblings\": []}",
                "{\"siblings\": [{\"rfilename\": \"config.json\"}]}",
                "{\"sha\": \"0123456789abcdef0123456789abcdef01234567\"}",
                "{\"sha\": 5, \"siblings\": {}}",
                "[]",
                ""
            })
    void refusesListsThatAreNone(String list) {
        hub.onHub((request, out) -> {
            FakeHub.json(out, list);
            return true;
        });

        assertThat(failure().kind()).isEqualTo(Kind.BAD_ANSWER);
    }

    @Test
    void refusesAListWithoutEnd() {
        hub.onHub((request, out) -> {
            FakeServer.head(out, 200, Map.of());
            byte[] more = "[[[[[[[[".repeat(8192).getBytes(StandardCharsets.US_ASCII);
            while (true) {
                out.write(more);
            }
        });

        assertThat(failure()).hasMessageContaining("has more than " + RepositoryListing.MAX_BYTES);
    }

    @Test
    void refusesAnotherCommitThanTheOneAskedFor() {
        hub.revision(FakeHub.COMMIT, "d".repeat(40));
        hub.onHub((request, out) -> {
            if (!request.path().startsWith("/api/")) {
                return false;
            }
            FakeHub.json(out, "{\"sha\": \"" + "d".repeat(40) + "\", \"siblings\": []}");
            return true;
        });

        assertThat(failure(builder().build(), MODEL.withRevision(FakeHub.COMMIT)))
                .hasMessageContaining("d".repeat(40));
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../../evil", "a/b", "..", "", "con", "a b", "-", "\\evil", "x.paligemma.incomplete"})
    void refusesEtagsThatAreNoNames(String etag) throws IOException {
        hub.onHub((request, out) -> {
            if (!request.method().equals("HEAD")) {
                return false;
            }
            FakeServer.head(
                    out, 200, Map.of("X-Repo-Commit", FakeHub.COMMIT, "ETag", '"' + etag + '"', "Content-Length", 3));
            return true;
        });

        assertThat(failure().kind()).isEqualTo(Kind.BAD_ANSWER);
        assertThat(names(folder)).isEmpty();
    }

    private void call(String file, String etag) {
        hub.onHub((request, out) -> {
            if (!request.path().endsWith("/" + file)) {
                return false;
            }
            Map<String, Object> headers = new LinkedHashMap<>();
            headers.put("X-Repo-Commit", FakeHub.COMMIT);
            if (FakeHub.isLarge(file)) {
                headers.put("X-Linked-Etag", '"' + etag + '"');
                headers.put("Location", hub.cdn().address() + "/contents/" + file);
                headers.put("Content-Length", 0);
                FakeServer.head(out, 302, headers);
            } else {
                headers.put("ETag", '"' + etag + '"');
                FakeHub.serveRange(request, out, hub.get(file), headers);
            }
            return true;
        });
    }

    @Test
    void refusesWhatAnotherHostHasIfTheHubGivesNoChecksumOfIt() {
        call(WEIGHTS, "35849f37ff670f9d65dcf631b0f236b0-1");

        HubException failure = failure();

        assertThat(failure.kind()).isEqualTo(Kind.BAD_ANSWER);
        assertThat(failure).hasMessageContainingAll(WEIGHTS, "35849f37ff670f9d65dcf631b0f236b0-1", "is no checksum");
        assertThat(hub.cdn().requests()).isEmpty();
    }

    @Test
    void takesWhatTheHubItselfGivesUnderAnotherName() {
        call("config.json", "abc");

        assertThat(download().resolve("config.json")).hasBinaryContent(hub.get("config.json"));
    }

    @Test
    void checksumsMayBeInCapitals() {
        call(WEIGHTS, hub.etag(WEIGHTS).toUpperCase(Locale.ROOT));
        hub.onCdn((request, out) -> {
            byte[] wrong = hub.get(WEIGHTS).clone();
            wrong[7] ^= 1;
            FakeHub.serveRange(request, out, wrong, new LinkedHashMap<>());
            return true;
        });

        assertThat(failure().kind()).isEqualTo(Kind.CORRUPT);
    }

    @Test
    void theTokenIsBlackedOutInNamesOfFiles() {
        hub.remove("config.json");
        hub.put(TOKEN, "echoed");

        assertThat(failure()).hasMessageContaining("***");
    }

    @Test
    void whoDoesNotSpeakHttpIsNotAskedAgain() {
        hub.onHub((request, out) -> {
            out.write("SSH-2.0-OpenSSH\r\n".getBytes(StandardCharsets.US_ASCII));
            return true;
        });

        assertThat(failure().kind()).isEqualTo(Kind.BAD_ANSWER);
        assertThat(hub.hub().requests()).hasSize(1);
    }

    @Test
    void saysWhereAnIndexIsNotJson() {
        hub.remove(WEIGHTS);
        hub.put("model.safetensors.index.json", "{\"weight_map\": oops}");

        HubException failure = failure();

        assertThat(failure.kind()).isEqualTo(Kind.BAD_ANSWER);
        assertThat(failure).hasMessageContainingAll("model.safetensors.index.json is not valid JSON", "oops");
    }

    @Test
    void refusesSizesThatCannotBe() {
        announce(WEIGHTS, 2L << 40);
        assertThat(failure()).hasMessageContaining("expected at most");

        announce("config.json", 1L << 30);
        assertThat(failure()).hasMessageContaining("expected at most");
    }

    @Test
    void saysBeforehandThatThereIsNoRoom() {
        announce(WEIGHTS, (1L << 40) - 1);

        HubException failure = failure();

        assertThat(failure.kind()).isEqualTo(Kind.DISK);
        assertThat(failure).hasMessageContaining("free").hasMessageContaining("HF_HOME");
        assertThat(hub.downloads()).isEmpty();
    }

    private void announce(String file, long size) {
        hub.onHub((request, out) -> {
            if (!request.isFor("HEAD", file)) {
                return false;
            }
            FakeServer.head(
                    out,
                    200,
                    Map.of(
                            "X-Repo-Commit",
                            FakeHub.COMMIT,
                            "ETag",
                            '"' + hub.etag(file) + '"',
                            "Content-Length",
                            size));
            return true;
        });
    }

    @Test
    void aCacheThatCannotBeWrittenIsAFailureOfTheDisk() throws IOException {
        Files.writeString(cache(), "a file");

        HubException failure = failure();

        assertThat(failure.kind()).isEqualTo(Kind.DISK);
        assertThat(failure).hasMessageContaining("HF_HUB_CACHE");
    }

    // Redirects and the token

    @Test
    void theTokenIsShownToTheHubOnly() {
        download();

        assertThat(hub.hub().requests())
                .isNotEmpty()
                .allSatisfy(each -> assertThat(each.header("authorization")).isEqualTo("Bearer " + TOKEN));
        assertThat(hub.cdn().requests())
                .isNotEmpty()
                .allSatisfy(each -> assertThat(each.headers()).doesNotContainKey("authorization"));
    }

    @Test
    void saysWhyNobodyIsReached() throws IOException {
        String address = hub.address();
        hub.close();
        assertThat(failure(builder().endpoint(address).build(), MODEL)).hasMessageContaining("nobody answers there");
        assertThat(failure(builder().endpoint("http://no-such-host.invalid").build(), MODEL))
                .hasMessageContaining("the host is not known");
    }

    @Test
    void messagesOfTheHubAreReadAsUnicode() {
        hub.onHub((request, out) -> {
            byte[] head = "HTTP/1.1 403 X\r\nX-Error-Message: nur für Große\r\nContent-Length: 0\r\n\r\n"
                    .getBytes(StandardCharsets.UTF_8);
            out.write(head);
            return true;
        });

        assertThat(failure()).hasMessageContaining("nur für Große");
    }

    /** Neither to another name of this machine, nor to an address of the hub that another host has chosen. */
    @ParameterizedTest
    @ValueSource(strings = {"//localhost", "http://127.0.0.1"})
    void theTokenDoesNotComeBackAfterAnotherHost(String host) {
        hub.onHub((request, out) -> request.path().equals("/chosen") && refuse(out, 404, null));
        hub.onCdn((request, out) -> {
            String back = host + ":" + hub.address().replaceAll(".*:", "") + "/chosen";
            FakeServer.head(out, 302, Map.of("Location", back, "Content-Length", 0));
            return true;
        });

        failure();

        assertThat(hub.hub().requests())
                .filteredOn(each -> each.path().equals("/chosen"))
                .isNotEmpty()
                .allSatisfy(each -> assertThat(each.headers()).doesNotContainKey("authorization"));
    }

    @Test
    void noTokenIsSentWhereNoneIsGiven() {
        builder().token(null).build().snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);

        assertThat(hub.hub().requests())
                .allSatisfy(each -> assertThat(each.headers()).doesNotContainKey("authorization"));
    }

    @Test
    void followsARenamedModel() {
        hub.onHub((request, out) -> {
            if (!request.path().contains("old/name")) {
                return false;
            }
            FakeServer.head(
                    out, 307, Map.of("Location", request.path().replace("old/name", FakeHub.ID), "Content-Length", 0));
            return true;
        });

        Path snapshot =
                builder().build().snapshot(HubModel.parse("old/name"), FileSet.CHECKPOINT, DownloadListener.NONE);

        assertComplete(snapshot, NEEDED);
        assertThat(snapshot.toString()).contains("models--old--name");
    }

    @Test
    void followsRedirectsOnTheHubItself() {
        hub.onHub((request, out) -> {
            if (!request.path().contains("/resolve/") || !request.path().endsWith("config.json")) {
                return false;
            }
            FakeServer.head(
                    out,
                    307,
                    Map.of(
                            "Location",
                            request.path() + "?again",
                            "X-Repo-Commit",
                            FakeHub.COMMIT,
                            "Content-Length",
                            0));
            return true;
        });

        assertComplete(download());
    }

    @Test
    void redirectsEnd() {
        hub.onHub((request, out) -> {
            FakeServer.head(out, 302, Map.of("Location", "/again", "Content-Length", 0));
            return true;
        });

        HubException failure = failure();

        assertThat(failure).hasMessageContaining("redirects more than");
        assertThat(hub.hub().requests()).hasSizeLessThan(12);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://example.org/x",
                "file:///etc/passwd",
                "http:///x",
                "mailto:a",
                "http://a:b@c/",
                "http://\\",
                ""
            })
    void redirectsLeadToTheWebOnly(String location) {
        hub.onHub((request, out) -> {
            FakeServer.head(out, 302, Map.of("Location", location, "Content-Length", 0));
            return true;
        });

        assertThat(failure().kind()).isEqualTo(Kind.BAD_ANSWER);
    }

    // Bad lines

    private void cutting(int attempts, int bytes) {
        AtomicInteger cut = new AtomicInteger();
        hub.onCdn((request, out) -> {
            if (cut.getAndIncrement() >= attempts) {
                return false;
            }
            part(request, out, bytes);
            return true;
        });
    }

    /** Answers rightly, but for the end of the body. */
    private void part(Request request, OutputStream out, int bytes) throws IOException {
        byte[] content = hub.get(WEIGHTS);
        String range = request.header("range");
        int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
        Map<String, Object> headers = new LinkedHashMap<>();
        headers.put("ETag", "\"cdn-" + hub.etag(WEIGHTS).substring(0, 8) + '"');
        headers.put("Content-Length", content.length - from);
        if (range != null) {
            headers.put("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
        }
        FakeServer.head(out, range == null ? 200 : 206, headers);
        out.write(content, from, bytes);
        out.flush();
    }

    @Test
    void droppedConnectionsAreTakenUpWhereTheyBroke() {
        cutting(2, 100_000);

        assertComplete(download());

        List<Request> parts = hub.cdn().requests();
        assertThat(parts)
                .extracting(each -> each.header("range"))
                .containsExactly(null, "bytes=100000-", "bytes=200000-");
        assertThat(parts.get(1).header("if-range"))
                .isEqualTo("\"cdn-" + hub.etag(WEIGHTS).substring(0, 8) + '"');
    }

    @Test
    void aLineThatAlwaysBreaksIsGivenUp() {
        hub.onCdn((request, out) -> {
            FakeServer.head(out, 200, Map.of("Content-Length", 300_000));
            return true;
        });

        HubException failure = failure();

        assertThat(failure).hasMessageContaining("given up after 6 attempts");
        assertThat(hub.cdn().requests()).hasSize(6);
    }

    @Test
    void whatHasArrivedIsKeptForTheNextCall() throws IOException {
        AtomicInteger parts = new AtomicInteger();
        hub.onCdn((request, out) -> {
            if (parts.getAndIncrement() > 0) {
                return refuse(out, 503, null);
            }
            part(request, out, 123_456);
            return true;
        });
        assertThat(failure().kind()).isEqualTo(Kind.UNREACHABLE);
        hub.onCdn((request, out) -> false);
        int before = hub.cdn().requests().size();

        assertComplete(download());

        assertThat(hub.cdn().requests().get(before).header("range")).isEqualTo("bytes=123456-");
    }

    @Test
    void aDamagedPartOfAnEarlierRunIsThrownAway() throws IOException {
        Files.createDirectories(store().resolve("blobs"));
        Path partial = store().resolve("blobs").resolve(hub.etag(WEIGHTS) + ".paligemma.incomplete");
        Files.write(partial, FakeHub.content(99, 1234));

        assertComplete(download());
    }

    @ParameterizedTest
    @ValueSource(ints = {300_000, 300_001, 900_000})
    void aPartThatIsTooLongIsThrownAway(int size) throws IOException {
        Files.createDirectories(store().resolve("blobs"));
        Path partial = store().resolve("blobs").resolve(hub.etag(WEIGHTS) + ".paligemma.incomplete");
        Files.write(partial, FakeHub.content(99, size));

        assertComplete(download());
    }

    @Test
    void stalledBodiesAreCutAndTakenUp() {
        AtomicInteger stalls = new AtomicInteger();
        CountDownLatch end = new CountDownLatch(1);
        hub.onCdn((request, out) -> {
            if (stalls.getAndIncrement() > 0) {
                return false;
            }
            part(request, out, 50_000);
            end.await(60, TimeUnit.SECONDS);
            return true;
        });

        Path snapshot = builder()
                .stallTimeout(Duration.ofSeconds(2))
                .build()
                .snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);
        end.countDown();

        assertComplete(snapshot);
        assertThat(hub.cdn().requests().get(1).header("range")).isEqualTo("bytes=50000-");
    }

    @Test
    void aByteNowAndThenIsAsGoodAsSilence() {
        AtomicInteger answers = new AtomicInteger();
        CountDownLatch end = new CountDownLatch(1);
        hub.onCdn((request, out) -> {
            if (answers.getAndIncrement() > 0) {
                return false;
            }
            FakeServer.head(out, 200, Map.of("Content-Length", hub.get(WEIGHTS).length));
            for (int i = 0; i < 600 && !end.await(100, TimeUnit.MILLISECONDS); i++) {
                out.write(hub.get(WEIGHTS)[i]);
                out.flush();
            }
            return true;
        });

        Path snapshot = builder()
                .stallTimeout(Duration.ofSeconds(2))
                .build()
                .snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);
        end.countDown();

        assertComplete(snapshot);
        assertThat(hub.cdn().requests()).hasSize(2);
    }

    @Test
    void answersThatNeverComeAreNotWaitedFor() {
        AtomicInteger silences = new AtomicInteger();
        CountDownLatch end = new CountDownLatch(1);
        hub.onHub((request, out) -> {
            if (silences.getAndIncrement() > 0) {
                return false;
            }
            end.await(60, TimeUnit.SECONDS);
            return true;
        });

        Path snapshot = builder()
                .connectTimeout(Duration.ofSeconds(1))
                .stallTimeout(Duration.ofSeconds(2))
                .build()
                .snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);
        end.countDown();

        assertComplete(snapshot);
    }

    @Test
    void tooManyRequestsAreAnsweredWithPatience() {
        AtomicInteger requests = new AtomicInteger();
        AtomicReference<Long> refused = new AtomicReference<>();
        AtomicReference<Long> asked = new AtomicReference<>();
        hub.onHub((request, out) -> {
            if (requests.getAndIncrement() > 0) {
                asked.compareAndSet(null, System.nanoTime());
                return false;
            }
            refused.set(System.nanoTime());
            FakeServer.head(out, 429, Map.of("Retry-After", "1", "Content-Length", 0));
            return true;
        });

        assertComplete(download());

        // The server asked for a second; our own pauses are shorter than a fiftieth of it here.
        assertThat(asked.get() - refused.get()).isGreaterThan(900_000_000L);
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 500, 502, 503, 504})
    void failuresThatMayPassAreRepeated(int status) {
        AtomicInteger onHub = new AtomicInteger();
        AtomicInteger onCdn = new AtomicInteger();
        hub.onHub((request, out) -> onHub.getAndIncrement() % 3 == 0 && refuse(out, status, null));
        hub.onCdn((request, out) -> onCdn.getAndIncrement() == 0 && refuse(out, status, null));

        assertComplete(download());
    }

    @Test
    void anAddressThatIsTooOldIsAskedForAnew() {
        AtomicInteger requests = new AtomicInteger();
        hub.onCdn((request, out) -> requests.getAndIncrement() == 0 && refuse(out, 403, null));

        assertComplete(download());
    }

    @Test
    void damagedContentIsDownloadedAgain() {
        AtomicInteger requests = new AtomicInteger();
        hub.onCdn((request, out) -> requests.getAndIncrement() == 0 && damaged(out));

        assertComplete(download());
    }

    private boolean damaged(OutputStream out) throws IOException {
        byte[] content = hub.get(WEIGHTS).clone();
        content[content.length / 2] ^= 1;
        FakeServer.head(out, 200, Map.of("Content-Length", content.length));
        out.write(content);
        return true;
    }

    @Test
    void contentThatIsAlwaysDamagedIsRefusedAndNotKept() throws IOException {
        hub.onCdn((request, out) -> damaged(out));

        HubException failure = failure();

        assertThat(failure.kind()).isEqualTo(Kind.CORRUPT);
        assertThat(failure).hasMessageContaining("SHA-256").hasMessageContaining(hub.etag(WEIGHTS));
        assertThat(names(store().resolve("blobs"))).noneMatch(each -> each.contains(hub.etag(WEIGHTS)));
    }

    @Test
    void smallFilesAreVerifiedToo() {
        hub.onHub((request, out) -> {
            if (!request.isFor("GET", "config.json")) {
                return false;
            }
            byte[] content = hub.get("config.json").clone();
            content[3] ^= 1;
            FakeServer.head(out, 200, Map.of("Content-Length", content.length));
            out.write(content);
            return true;
        });

        assertThat(failure()).hasMessageContaining("git blob id");
    }

    @Test
    void aServerThatKnowsNoPartsSendsTheWhole() {
        AtomicInteger requests = new AtomicInteger();
        hub.onCdn((request, out) -> {
            if (requests.getAndIncrement() == 0) {
                part(request, out, 70_000);
            } else {
                FakeServer.head(out, 200, Map.of("Content-Length", 300_000));
                out.write(hub.get(WEIGHTS));
            }
            return true;
        });

        assertComplete(download());
    }

    @Test
    void aPartOfSomethingElseIsNotAppended() {
        AtomicInteger requests = new AtomicInteger();
        hub.onCdn((request, out) -> {
            if (requests.getAndIncrement() == 0) {
                part(request, out, 70_000);
                return true;
            }
            if (request.header("range") == null) {
                return false;
            }
            FakeServer.head(out, 206, Map.of("Content-Range", "bytes 60000-299999/300000", "Content-Length", 240_000));
            out.write(hub.get(WEIGHTS), 60_000, 240_000);
            return true;
        });

        assertComplete(download());
    }

    @Test
    void aContentThatChangesBetweenTwoPartsIsBegunAnew() {
        AtomicInteger requests = new AtomicInteger();
        hub.onCdn((request, out) -> {
            if (requests.getAndIncrement() > 0) {
                return false;
            }
            // Another content of the same length; its ETag is not the one that later parts have.
            FakeServer.head(out, 200, Map.of("ETag", "\"other\"", "Content-Length", 300_000));
            out.write(FakeHub.content(5, 70_000));
            return true;
        });

        assertComplete(download());
        assertThat(hub.cdn().requests().get(1).header("if-range")).isEqualTo("\"other\"");
    }

    @Test
    void moreThanAnnouncedIsCutOff() {
        hub.onCdn((request, out) -> {
            FakeServer.head(out, 200, Map.of());
            byte[] content = hub.get(WEIGHTS);
            while (true) {
                out.write(content);
            }
        });

        HubException failure = failure();

        assertThat(failure.kind()).isEqualTo(Kind.CORRUPT);
        assertThat(failure).hasMessageContaining("more than the announced 300000 bytes");
    }

    @ParameterizedTest
    @ValueSource(ints = {299_999, 300_001, 0, 2_000_000_000})
    void anotherLengthThanAnnouncedIsRefused(int length) {
        hub.onCdn((request, out) -> {
            FakeServer.head(out, 200, Map.of("Content-Length", length));
            out.write(hub.get(WEIGHTS), 0, Math.min(length, 300_000));
            return true;
        });

        assertThat(failure()).hasMessageContaining(length + " bytes were announced");
    }

    @Test
    void aContentThatGetsAnotherNameIsRefused() {
        hub.onHub((request, out) -> {
            if (!request.isFor("GET", WEIGHTS)) {
                return false;
            }
            FakeServer.head(
                    out,
                    302,
                    Map.of(
                            "Location",
                            hub.cdn().address() + "/contents/" + WEIGHTS,
                            "X-Linked-Etag",
                            "\"" + "a".repeat(64) + "\"",
                            "Content-Length",
                            0));
            return true;
        });

        assertThat(failure()).hasMessageContaining("the hub now calls the content 'aaaa");
    }

    @Test
    void encodedContentIsRefused() {
        hub.onCdn((request, out) -> {
            FakeServer.head(out, 200, Map.of("Content-Encoding", "gzip", "Content-Length", 10));
            out.write(new byte[10]);
            return true;
        });

        assertThat(failure()).hasMessageContaining("gzip");
    }

    @Test
    void sizesMayBeUnknown() {
        hub.onHub((request, out) -> {
            if (!request.isFor("HEAD", "config.json")) {
                return false;
            }
            FakeServer.head(
                    out, 200, Map.of("X-Repo-Commit", FakeHub.COMMIT, "ETag", "W/\"" + hub.etag("config.json") + '"'));
            return true;
        });

        assertComplete(download());
    }

    // Several at once, progress, and ends before the end

    @Test
    void severalCallsDownloadEachContentOnce() {
        HubClient client = builder().build();
        List<CompletableFuture<Path>> calls = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            calls.add(CompletableFuture.supplyAsync(
                    () -> client.snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE),
                    task -> new Thread(task).start()));
        }

        calls.forEach(call -> assertComplete(call.join()));

        assertThat(hub.cdn().requests()).hasSize(1);
    }

    @Test
    void progressGrowsToTheEnd() {
        List<DownloadProgress> heard = new ArrayList<>();

        builder().build().snapshot(MODEL, FileSet.CHECKPOINT, heard::add);

        long total = NEEDED.stream().mapToLong(each -> hub.get(each).length).sum();
        assertThat(heard).allSatisfy(each -> {
            assertThat(each.bytesTotal()).isEqualTo(total);
            assertThat(each.model()).isEqualTo(MODEL);
            assertThat(each.bytesDone()).isBetween(0L, total);
        });
        assertThat(heard).extracting(DownloadProgress::bytesDone).isSorted();
        DownloadProgress last = heard.get(heard.size() - 1);
        assertThat(last.finished()).isTrue();
        assertThat(last.bytesDone()).isEqualTo(total);
        assertThat(heard.stream().filter(DownloadProgress::finished)).hasSize(1);
    }

    @Test
    void nothingIsHeardWhenNothingIsDownloaded() {
        download();
        List<DownloadProgress> heard = new ArrayList<>();

        builder().build().snapshot(MODEL, FileSet.CHECKPOINT, heard::add);

        assertThat(heard).isEmpty();
    }

    @Test
    void aListenerCanEndTheDownload() {
        HubClient client = builder().build();

        IllegalStateException failure = catchThrowableOfType(
                IllegalStateException.class,
                () -> client.snapshot(MODEL, FileSet.CHECKPOINT, progress -> {
                    throw new IllegalStateException("enough");
                }));

        assertThat(failure).hasMessage("enough");
        assertComplete(download());
    }

    @Test
    void anInterruptEndsTheCallAndItsThreads() throws InterruptedException, ExecutionException, TimeoutException {
        CountDownLatch stalled = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        hub.onCdn((request, out) -> {
            part(request, out, 60_000);
            stalled.countDown();
            end.await(100, TimeUnit.SECONDS);
            return true;
        });
        CompletableFuture<Boolean> flag = new CompletableFuture<>();
        AtomicReference<HubException> failure = new AtomicReference<>();
        Thread caller = new Thread(() -> {
            failure.set(failure(builder().stallTimeout(Duration.ofSeconds(90)).build(), MODEL));
            flag.complete(Thread.currentThread().isInterrupted());
        });
        caller.start();
        stalled.await();
        caller.interrupt();

        assertThat(flag.get(60, TimeUnit.SECONDS)).isTrue();
        end.countDown();
        assertThat(failure.get().kind()).isEqualTo(Kind.INTERRUPTED);
        assertThat(workers()).isEmpty();
    }

    @Test
    void noThreadsAreLeftBehind() throws InterruptedException {
        download();

        for (int i = 0; i < 600 && !workers("paligemma-hub-http").isEmpty(); i++) {
            Thread.sleep(50);
        }

        assertThat(workers("paligemma-hub-http")).isEmpty();
        assertThat(workers()).isEmpty();
    }

    private static List<String> workers() {
        return workers("paligemma-hub");
    }

    private static List<String> workers(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name::equals)
                .toList();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void othersMayReadWhatWasDownloaded() throws IOException {
        assertThat(FileSystems.getDefault().supportedFileAttributeViews()).contains("posix");
        Path ordinary = Files.writeString(folder.resolve("ordinary"), "x");

        Path snapshot = download();

        for (Path file : Arrays.asList(snapshot.resolve(WEIGHTS), store().resolve("refs/main"))) {
            assertThat(Files.getPosixFilePermissions(file)).isEqualTo(Files.getPosixFilePermissions(ordinary));
        }
    }

    @Test
    void theTokenIsNotShown() {
        assertThat(builder().build().toString()).doesNotContain(TOKEN).contains(hub.address());
        assertThat(Stream.of("a b", "a\nb", "ä", "")
                        .map(each -> catchThrowableOfType(
                                IllegalArgumentException.class, () -> builder().token(each))))
                .allSatisfy(
                        each -> assertThat(each).hasMessageNotContaining("a b").hasMessageNotContaining("ä"));
        assertThat(Stream.of(
                                "ftp://x",
                                "nothing",
                                "https://user:secret@x",
                                "https://x?y",
                                "https:///x",
                                "://",
                                "http://x:99999")
                        .map(each -> catchThrowableOfType(
                                IllegalArgumentException.class, () -> builder().endpoint(each)))
                        .map(Throwable::getMessage)
                        .collect(Collectors.joining()))
                .doesNotContain("secret");
    }
}
