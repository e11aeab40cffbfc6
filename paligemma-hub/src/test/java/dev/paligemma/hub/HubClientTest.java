package dev.paligemma.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is downloaded, and what the cache keeps of it. */
class HubClientTest extends HubTest {
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
    void downloadsAnAdapterWithItsTokenizer() throws IOException {
        hub.put("adapter_config.json", "{}");
        hub.put("adapter_model.safetensors", FakeHub.content(5, 1000));

        Path snapshot = builder().build().snapshot(MODEL, FileSet.ADAPTER, DownloadListener.NONE);

        assertThat(names(snapshot))
                .containsExactly("adapter_config.json", "adapter_model.safetensors", "tokenizer.json");
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
}
