package dev.paligemma.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that are not the whole of a repository: in its folders, and archives of big_vision. */
class ModelPlacesTest extends HubTest {
    private Path find(String name, FileSet files) {
        return builder().build().snapshot(HubModel.parse(name), files, DownloadListener.NONE);
    }

    private Path find(String name) {
        return find(name, FileSet.CHECKPOINT);
    }

    @Nested
    class Folders {
        @BeforeEach
        void putModels() {
            for (String file : NEEDED) {
                hub.put("runs/checkpoint-500/" + file, FakeHub.content(file.length(), 400));
            }
            hub.put("lora/adapter_config.json", "{}");
            hub.put("lora/adapter_model.safetensors", FakeHub.content(3, 500));
        }

        @Test
        void holdModels() throws IOException {
            Path model = find(FakeHub.ID + "/runs/checkpoint-500");

            assertThat(model).endsWith(Path.of(FakeHub.COMMIT, "runs", "checkpoint-500"));
            assertThat(names(model)).containsExactlyInAnyOrderElementsOf(NEEDED);
            assertThat(model.resolve(WEIGHTS)).hasBinaryContent(hub.get("runs/checkpoint-500/" + WEIGHTS));
            assertThat(model.getParent().getParent().resolve(WEIGHTS)).doesNotExist();
            int before = hub.hub().requests().size();
            HubModel pinned = new HubModel(FakeHub.ID, FakeHub.COMMIT, "runs/checkpoint-500");
            assertThat(builder().build().snapshot(pinned, FileSet.CHECKPOINT, DownloadListener.NONE))
                    .isEqualTo(model);
            assertThat(hub.hub().requests()).hasSize(before);
        }

        @Test
        void holdAdapters() throws IOException {
            assertThat(names(find(FakeHub.ID + "/lora", FileSet.ADAPTER)))
                    .containsExactly("adapter_config.json", "adapter_model.safetensors");
            assertThat(find(FakeHub.ID + "/lora@main", FileSet.ADAPTER)).endsWith(Path.of("lora"));
        }

        @Test
        void areNamedIfTheRepositoryIsNoModel() {
            hub.remove("config.json");

            assertThat(failure()).hasMessageContainingAll("lacks [config.json]", FakeHub.ID + "/runs/checkpoint-500");
            assertThat(failure(builder().build(), HubModel.parse(FakeHub.ID + "/nowhere")))
                    .hasMessageContainingAll("nowhere/config.json", "[runs/checkpoint-500]");
            assertThat(failure(builder().build(), HubModel.parse(FakeHub.ID + "/lora")))
                    .hasMessageContaining("looks like an adapter");
        }

        @Test
        void areCheckedAlone() throws IOException {
            Path whole = download();
            Path model = find(FakeHub.ID + "/runs/checkpoint-500");
            byte[] damaged = FakeHub.content(1, 40);
            Files.write(whole.resolve(WEIGHTS), damaged);
            Files.write(model.resolve(WEIGHTS), damaged);

            builder()
                    .checkCache(true)
                    .build()
                    .snapshot(
                            HubModel.parse(FakeHub.ID + "/runs/checkpoint-500"),
                            FileSet.CHECKPOINT,
                            DownloadListener.NONE);

            assertThat(model.resolve(WEIGHTS)).hasBinaryContent(hub.get("runs/checkpoint-500/" + WEIGHTS));
            assertThat(whole.resolve(WEIGHTS)).hasBinaryContent(damaged);
        }
    }

    @Nested
    class Archives {
        @BeforeEach
        void putArchives() {
            for (String file : NEEDED) {
                hub.remove(file);
            }
            hub.put("pt_224.npz", FakeHub.content(21, 3000));
            hub.put("pt_224.f16.npz", FakeHub.content(22, 1500));
            hub.put("pt_224.bf16.npz", FakeHub.content(23, 1500));
            hub.put("vae-oid.npz", FakeHub.content(24, 100));
        }

        private Path assertFound(String name, String archive) throws IOException {
            Path found = find(name);
            assertThat(found).hasFileName(archive).hasBinaryContent(hub.get(archive));
            assertThat(found.resolveSibling("tokenizer.model")).exists();
            assertThat(found.resolveSibling("vae-oid.npz")).exists();
            return found;
        }

        @Test
        void areTakenInFloat32IfNoneIsNamed() throws IOException {
            Path found = assertFound(FakeHub.ID, "pt_224.npz");

            assertThat(names(found.getParent())).containsExactly("pt_224.npz", "tokenizer.model", "vae-oid.npz");
            hub.close();
            assertThat(find(FakeHub.ID)).isEqualTo(found);
            assertThat(builder()
                            .offline(true)
                            .checkCache(true)
                            .build()
                            .snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE))
                    .isEqualTo(found);
        }

        @ParameterizedTest
        @CsvSource({"bfloat16, pt_224.bf16.npz", "float16, pt_224.f16.npz", "v1, pt_224.npz"})
        void areTakenByRevision(String revision, String archive) throws IOException {
            hub.revision(revision, "e".repeat(40));
            hub.remove("vae-oid.npz");
            hub.put("vae-oid.npz", FakeHub.content(25, 100));

            assertFound(FakeHub.ID + "@" + revision, archive);
        }

        @ParameterizedTest
        @ValueSource(strings = {"pt_224.bf16.npz", "pt_224.f16.npz", "pt_224.npz"})
        void areTakenByName(String archive) throws IOException {
            assertFound(FakeHub.ID, "pt_224.npz");
            assertFound(FakeHub.ID + "/" + archive, archive);
        }

        @Test
        void areTakenInBfloat16BeforeFloat16() throws IOException {
            hub.remove("pt_224.npz");

            assertFound(FakeHub.ID, "pt_224.bf16.npz");
        }

        @Test
        void thatCannotBeToldApartAreNamed() {
            hub.put("pt_448.npz", FakeHub.content(26, 100));

            HubException failure = failure();

            assertThat(failure.kind()).isEqualTo(Kind.NOT_FOUND);
            assertThat(failure).hasMessageContainingAll("[pt_224.npz, pt_448.npz]", FakeHub.ID + "/pt_224.npz");
        }

        @Test
        void doNotReplaceOtherWeights() throws IOException {
            for (String file : NEEDED) {
                hub.put(file, "{}");
            }

            assertThat(find(FakeHub.ID)).hasFileName(FakeHub.COMMIT);
        }

        @Test
        void withoutTokenizerAreNothing() {
            hub.remove("tokenizer.model");

            assertThat(failure()).hasMessageContainingAll("lacks", "tokenizer.json or tokenizer.model");
            assertThat(hub.downloads()).isEmpty();
        }

        /** As Google's: the repository whose name ends in -jax has the archive, and the one without the tokenizer. */
        private boolean withTwin(FakeServer.Request request, OutputStream out) throws IOException {
            String jax = FakeHub.ID + "-jax";
            if (request.path().contains(jax) && request.path().startsWith("/api/")) {
                FakeHub.json(
                        out, "{\"sha\": \"" + FakeHub.COMMIT + "\", \"siblings\": [{\"rfilename\": \"pt_224.npz\"}]}");
                return true;
            }
            if (request.path().contains(jax)) {
                String path = request.path().replace(jax, FakeHub.ID);
                FakeServer.head(out, 307, java.util.Map.of("Location", path, "Content-Length", 0));
                return true;
            }
            return false;
        }

        @Test
        void haveTheTokenizerOfTheSameModelElsewhere() throws IOException {
            hub.put("tokenizer.json", "{}");
            hub.onHub(this::withTwin);

            Path found = find(FakeHub.ID + "-jax");

            assertThat(found).hasFileName("pt_224.npz").hasBinaryContent(hub.get("pt_224.npz"));
            assertThat(found.resolveSibling("tokenizer.json")).hasContent("{}");
            assertThat(Files.isSymbolicLink(found.resolveSibling("tokenizer.json")))
                    .isFalse();
            hub.close();
            assertThat(find(FakeHub.ID + "-jax")).isEqualTo(found);
        }

        @Test
        void sayWhereTheTokenizerWasLookedFor() {
            hub.remove("tokenizer.model");
            hub.onHub(this::withTwin);

            HubException failure = failure(builder().build(), HubModel.parse(FakeHub.ID + "-jax"));

            assertThat(failure)
                    .hasMessageContainingAll("-jax has no tokenizer", "that of " + FakeHub.ID + " cannot be had");
            assertThat(hub.downloads()).isEmpty();
        }
    }
}
