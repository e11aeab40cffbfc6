package dev.paligemma.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Caches whose contents lie elsewhere: in the store that models share in huggingface_hub 2, and in those of other tools. */
@DisabledOnOs(OS.WINDOWS)
class SharedBlobsTest extends HubTest {
    /** What the store calls the weights: 64 digits, as a SHA-256 has. */
    private static final String XET = "ab" + "12".repeat(31);

    private HubClient checking() {
        return builder().checkCache(true).build();
    }

    private Path shared() {
        return cache().resolve("blobs/ab").resolve(XET);
    }

    private Path blob() {
        return store().resolve("blobs").resolve(hub.etag(WEIGHTS));
    }

    /** Moves the weights into a store, as {@code publish_blob_to_shared_store} of huggingface_hub 2.4 does. */
    private Path downloadIntoStore() throws IOException {
        Path snapshot = download();
        Files.createDirectories(shared().getParent());
        Files.writeString(cache().resolve("blobs/.huggingface-shared-blobs"), "1\n");
        Files.writeString(
                shared().resolveSibling(XET + ".refs"), "models--owner--tiny-model/blobs/" + hub.etag(WEIGHTS) + "\n");
        Files.move(blob(), shared());
        Files.createSymbolicLink(blob(), Path.of("../../blobs/ab", XET));
        return snapshot;
    }

    @Test
    void intactContentsAreBelieved() throws IOException {
        Path snapshot = downloadIntoStore();
        int before = hub.downloads().size();

        assertThat(checking().snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE))
                .isEqualTo(snapshot);
        assertThat(builder()
                        .checkCache(true)
                        .offline(true)
                        .build()
                        .snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE))
                .isEqualTo(snapshot);

        assertComplete(snapshot);
        assertThat(hub.downloads()).hasSize(before);
        assertThat(Files.readSymbolicLink(blob())).isEqualTo(Path.of("../../blobs/ab", XET));
    }

    @Test
    void aDamagedContentIsNamedAndOnlyTheModelsOwnLinkReplaced() throws IOException {
        Path snapshot = downloadIntoStore();
        Path other = cache().resolve("models--another--model/blobs").resolve(hub.etag(WEIGHTS));
        Files.createDirectories(other.getParent());
        Files.createSymbolicLink(other, Path.of("../../blobs/ab", XET));
        byte[] turned = hub.get(WEIGHTS).clone();
        turned[9] ^= 1;
        Files.write(shared(), turned);

        HubException offline = failure(builder().checkCache(true).offline(true).build(), MODEL);
        assertThat(offline.kind()).isEqualTo(Kind.CORRUPT);
        assertThat(offline)
                .hasMessageContainingAll(blob().toString(), shared().toString(), hub.etag(WEIGHTS), "Switch it on");
        assertThat(blob()).isSymbolicLink();

        assertThat(checking().snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE))
                .isEqualTo(snapshot);
        assertComplete(snapshot);
        assertThat(Files.isSymbolicLink(blob())).isFalse();
        assertThat(shared()).hasBinaryContent(turned);
        assertThat(other).isSymbolicLink().hasBinaryContent(turned);
        assertThat(shared().resolveSibling(XET + ".refs")).exists();
    }

    @Test
    void aContentThatTheStoreLostIsDownloadedAgain() throws IOException {
        Path snapshot = downloadIntoStore();
        Files.delete(shared());

        assertThat(failure(builder().offline(true).build(), MODEL))
                .hasMessageContainingAll(WEIGHTS, "a link to ", XET, "which is gone");
        assertComplete(download());
        assertThat(snapshot.resolve(WEIGHTS)).isSymbolicLink();
        assertThat(Files.isSymbolicLink(blob())).isFalse();
    }

    @Test
    void aContentOfTheWrongSizeInTheStoreIsLeftThere() throws IOException {
        Path snapshot = downloadIntoStore();
        Files.delete(snapshot.resolve(WEIGHTS));
        Files.writeString(shared(), "cut off");

        assertComplete(download());
        assertThat(shared()).hasContent("cut off");
    }

    /** Names in the stores of DVC, Nix and git-annex, and one that looks like a checksum and is none of the content. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "files/md5/d4/1d8cd98f00b204e9800998ecf8427e",
                "p4s0xdv8y4n0b7xk-model.safetensors/model.safetensors",
                "annex/objects/8F/1q/SHA256E-s300000--0123.safetensors/SHA256E-s300000--0123.safetensors",
                "0000000000000000000000000000000000000000000000000000000000000000",
                "0000000000000000000000000000000000000000"
            })
    void linksOutOfTheCacheAreBelieved(String name) throws IOException {
        Path snapshot = download();
        Path elsewhere = folder.resolve("elsewhere").resolve(name);
        Files.createDirectories(elsewhere.getParent());
        Files.move(blob(), elsewhere);
        Files.delete(snapshot.resolve(WEIGHTS));
        Files.createSymbolicLink(snapshot.resolve(WEIGHTS), elsewhere);
        int before = hub.downloads().size();

        checking().snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);

        assertComplete(snapshot);
        assertThat(hub.downloads()).hasSize(before);
        assertThat(elsewhere).hasBinaryContent(hub.get(WEIGHTS));
        assertThat(snapshot.resolve(WEIGHTS)).isSymbolicLink();
    }

    @Test
    void aStoreMayHaveItsOwnNamesBehindTheModels() throws IOException {
        Path snapshot = download();
        Path elsewhere = folder.resolve("elsewhere");
        Files.move(blob(), elsewhere);
        Files.createSymbolicLink(blob(), elsewhere);
        checking().snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);
        assertThat(blob()).isSymbolicLink();

        Files.write(elsewhere, FakeHub.content(4, 300_000));
        checking().snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);
        assertComplete(snapshot);
        assertThat(elsewhere).hasBinaryContent(FakeHub.content(4, 300_000));
    }

    @Test
    void theFolderOfContentsMayBeALinkItself() throws IOException {
        Path snapshot = download();
        Path moved = folder.resolve("other-disk");
        Files.move(store().resolve("blobs"), moved);
        Files.createSymbolicLink(store().resolve("blobs"), moved);
        Files.write(snapshot.resolve(WEIGHTS), FakeHub.content(4, 300_000));

        checking().snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);

        assertComplete(snapshot);
        assertThat(moved.resolve(hub.etag(WEIGHTS))).hasBinaryContent(hub.get(WEIGHTS));
    }

    @Test
    void linksInACircleAreNoContents() throws IOException {
        download();
        Files.move(blob(), folder.resolve("away"), StandardCopyOption.REPLACE_EXISTING);
        Path back = folder.resolve("back");
        Files.createSymbolicLink(blob(), back);
        Files.createSymbolicLink(back, blob());

        assertThat(failure(builder().offline(true).checkCache(true).build(), MODEL)
                        .kind())
                .isEqualTo(Kind.OFFLINE);
        assertComplete(download());
    }

    /** The cache of a container, say: it has what is required, and nothing can be added. */
    @Test
    void whatCanBeDoneWithoutNeedNotBeAdded() throws IOException {
        hub.remove("generation_config.json");
        Path snapshot = download();
        hub.put("generation_config.json", "{}");
        delete(store().resolve(".no_exist"));
        hub.onHub((request, out) -> request.isFor("HEAD", "generation_config.json") && refuse(out, 503, null));

        assertThat(download()).isEqualTo(snapshot);

        assertThat(hub.hub().requests())
                .filteredOn(each -> each.isFor("HEAD", "generation_config.json"))
                .hasSize(1);
        assertThat(names(snapshot))
                .isEqualTo(List.of("config.json", WEIGHTS, "preprocessor_config.json", "tokenizer.json"));
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
