package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.adapter.AdapterMerger;
import dev.paligemma.checkpoint.adapter.LoraAdapter;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.network.Networks;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Adapters merged into the same weights in other files: {@link AdapterMergerTest} compares the usual ones with PEFT. */
class MergedFormsTest {
    private static final String TABLE = "language_model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";

    @TempDir
    Path temporary;

    @ParameterizedTest
    @CsvSource({
        "patch-embedding, MLX",
        "patch-embedding, COMPILED",
        "patch-embedding, HEAD_ONLY",
        "tokens, MLX",
        "tokens, HEAD_ONLY",
        "tokens, HEAD_ONLY_IN_A_SHARD",
        "tokens, EQUAL_HEAD",
        "tokens, IN_SEVERAL_FOLDERS",
        "embedding-tied, HEAD_ONLY",
        "embedding-tied, HEAD_ONLY_IN_A_SHARD",
        "saved-head, HEAD_ONLY",
        "saved-head, HEAD_ONLY_IN_A_SHARD",
        "head, HEAD_ONLY_IN_OLD_NAMES",
        "dora-embedding, HEAD_ONLY",
    })
    void theSameWeightsComeOut(String name, StoredAs stored) throws IOException {
        AdapterGolden golden = AdapterGolden.of(name);
        Path original = golden.base().folder();
        Path rewritten = stored.write(new RewrittenCheckpoint(original), temporary);
        try (Checkpoint expected = Networks.open(merge(golden, original, "expected"));
                Checkpoint got = Networks.open(merge(golden, rewritten, "got"))) {
            assertThat(got.config()).isEqualTo(expected.config());
            assertThat(got.tensors().keySet()).isEqualTo(expected.tensors().keySet());
            for (String tensor : expected.tensors().keySet()) {
                assertThat(numbers(got, tensor)).as(tensor).isEqualTo(numbers(expected, tensor));
                assertThat(got.tensor(tensor).shape())
                        .isEqualTo(expected.tensor(tensor).shape());
                assertThat(got.tensor(tensor).dtype())
                        .isEqualTo(expected.tensor(tensor).dtype());
            }
            for (Path file : got.files()) {
                SafeTensorsFile read = SafeTensorsFile.read(file);
                assertThat(read.metadata()).containsEntry("format", "pt").hasSize(1);
                assertThat(read.tensors().keySet())
                        .allMatch(
                                key -> key.matches("(model\\.)?(vision_tower|language_model|multi_modal_projector)\\..*"
                                        + "|lm_head\\.weight"))
                        .noneMatch(key -> key.contains("_wrapped_module") || key.contains("base_layer"));
            }
        }
    }

    /** A trained head takes the place of one of its own, and the embedding stays. */
    @Test
    void aHeadOfItsOwnIsReplaced() throws IOException {
        AdapterGolden golden = AdapterGolden.of("saved-head");
        Path original = golden.base().folder();
        RewrittenCheckpoint weights =
                new RewrittenCheckpoint(original).without(HEAD).saying(null, null);
        Path untied = weights.with(HEAD, weights.headOfLaterRows(7)).write(temporary.resolve("untied"));
        try (Checkpoint base = Networks.open(original);
                Checkpoint usual = Networks.open(merge(golden, original, "usual"));
                Checkpoint merged = Networks.open(merge(golden, untied, "merged"))) {
            assertThat(merged.config().text().tieWordEmbeddings()).isFalse();
            assertThat(numbers(merged, TABLE)).isEqualTo(numbers(base, TABLE));
            assertThat(numbers(merged, HEAD)).isEqualTo(numbers(usual, HEAD));
        }
    }

    /** What an adapter leaves alone is copied, and config.json says what is stored. */
    @Test
    void aHeadOfItsOwnIsKept() throws IOException {
        AdapterGolden golden = AdapterGolden.of("patch-embedding");
        RewrittenCheckpoint weights = new RewrittenCheckpoint(golden.base().folder()).saying(true, null);
        Path untied = weights.with(HEAD, weights.headOfLaterRows(7)).write(temporary.resolve("untied"));
        try (Checkpoint base = Networks.open(untied);
                Checkpoint merged = Networks.open(merge(golden, untied, "merged"))) {
            assertThat(numbers(merged, HEAD)).isEqualTo(numbers(base, HEAD));
            assertThat(PaliGemmaConfig.read(temporary.resolve("merged/config.json"))
                            .text()
                            .tieWordEmbeddings())
                    .isFalse();
        }
    }

    private Path merge(AdapterGolden golden, Path base, String name) {
        Path folder = temporary.resolve(name);
        try (Checkpoint checkpoint = Networks.open(base)) {
            AdapterMerger.merge(LoraAdapter.open(golden.folder(), checkpoint), folder);
        }
        return folder;
    }

    private static float[] numbers(Checkpoint checkpoint, String name) {
        TensorInfo tensor = checkpoint.tensor(name);
        float[] numbers = new float[Math.toIntExact(tensor.elementCount())];
        checkpoint.readFloats(tensor, 0, FloatBuffer.wrap(numbers));
        return numbers;
    }
}
