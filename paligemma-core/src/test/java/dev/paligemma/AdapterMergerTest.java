package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.fail;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.adapter.AdapterException;
import dev.paligemma.checkpoint.adapter.AdapterMerger;
import dev.paligemma.checkpoint.adapter.LoraAdapter;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.network.Networks;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Merged checkpoints, compared with those that PEFT merges. */
class AdapterMergerTest {
    /** Of the largest number of a tensor. */
    private static final float TOLERANCE = 1e-6f;

    @TempDir
    private Path temporary;

    static Stream<AdapterGolden> mergeable() throws IOException {
        return AdapterGolden.originals().filter(golden -> !golden.merged().isEmpty());
    }

    @ParameterizedTest
    @MethodSource("mergeable")
    void mergedWeightsAreThoseOfPeft(AdapterGolden golden) {
        Path folder = merge(golden);
        try (Checkpoint merged = Networks.open(folder)) {
            golden.merged().forEach((name, tensor) -> compare(merged, name, tensor, golden.read(tensor)));
        }
    }

    @ParameterizedTest
    @MethodSource("mergeable")
    void everythingElseIsThatOfTheBase(AdapterGolden golden) throws IOException {
        Path folder = merge(golden);
        try (Checkpoint base = Networks.open(golden.base().folder());
                Checkpoint merged = Networks.open(folder)) {
            var changes = LoraAdapter.open(golden.folder(), base).changes();
            boolean together = golden.toString().equals("tokens");
            boolean untied =
                    !together && (changes.containsKey("lm_head") || changes.containsKey("language_model.embed_tokens"));
            assertThat(merged.config().text().tieWordEmbeddings()).isEqualTo(!untied);
            for (Map.Entry<String, TensorInfo> entry : base.tensors().entrySet()) {
                TensorInfo now = merged.tensor(entry.getKey());
                assertThat(now.name()).isEqualTo(entry.getValue().name());
                assertThat(now.dtype()).isEqualTo(entry.getValue().dtype());
                assertThat(now.file().getFileName())
                        .isEqualTo(entry.getValue().file().getFileName());
                String module = entry.getKey().substring(0, entry.getKey().lastIndexOf('.'));
                if (!changes.containsKey(module)) {
                    assertThat(numbers(merged, now)).as(entry.getKey()).isEqualTo(numbers(base, entry.getValue()));
                }
            }
            if (untied && !changes.containsKey("lm_head")) {
                assertThat(numbers(merged, merged.tensor("lm_head.weight")))
                        .isEqualTo(numbers(base, base.tensor("language_model.embed_tokens.weight")));
            }
        }
        assertThat(folder.resolve("tokenizer.json"))
                .hasSameBinaryContentAs(golden.base().folder().resolve("tokenizer.json"));
        assertThat(temporary)
                .isDirectoryNotContaining(path -> path.getFileName().toString().startsWith("."));
    }

    @Test
    void theIndexListsTheNewHead() {
        Path folder = merge(AdapterGolden.of("embedding"));
        JsonObject index =
                Json.readObject(folder.resolve("model.safetensors.index.json"), 1 << 20, CheckpointException::new);
        JsonObject weightMap = Objects.requireNonNull(index.objectOrNull("weight_map"));
        assertThat(weightMap.stringOrNull("language_model.lm_head.weight"))
                .isEqualTo(weightMap.stringOrNull("language_model.model.embed_tokens.weight"));
    }

    @Test
    void refusesABiasWithoutAPlace() {
        assertThatExceptionOfType(AdapterException.class)
                .isThrownBy(() -> merge(AdapterGolden.of("lora-bias-text")))
                .withMessageContaining("gate_proj")
                .withMessageContaining("cannot be merged");
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void refusesAFolderThatIsNotEmpty() throws IOException {
        Path folder = temporary.resolve("merged");
        Files.createDirectory(folder);
        Files.writeString(folder.resolve("precious.txt"), "keep me");
        assertThatExceptionOfType(AdapterException.class)
                .isThrownBy(() -> merge(AdapterGolden.of("regex")))
                .withMessageContaining("exists already");
        assertThat(folder).isDirectoryContaining("glob:**precious.txt");
    }

    @Test
    void fillsAnEmptyFolder() throws IOException {
        Files.createDirectory(temporary.resolve("merged"));
        assertThat(merge(AdapterGolden.of("regex"))).isDirectoryContaining("glob:**config.json");
    }

    private Path merge(AdapterGolden golden) {
        Path folder = temporary.resolve("merged");
        try (Checkpoint base = Networks.open(golden.base().folder())) {
            AdapterMerger.merge(LoraAdapter.open(golden.folder(), base), folder);
        }
        return folder;
    }

    private static void compare(Checkpoint merged, String name, TensorInfo stored, float[] expected) {
        boolean shared = name.equals("lm_head.weight") && merged.config().text().tieWordEmbeddings();
        TensorInfo tensor = merged.tensor(shared ? "language_model.embed_tokens.weight" : name);
        float[] all = numbers(merged, tensor);
        int columns = expected.length / Math.toIntExact(stored.shape()[0]);
        int step = all.length == expected.length ? 1 : AdapterGolden.ROW_STEP;
        float largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        DType type = tensor.dtype();
        int different = 0;
        for (int i = 0; i < expected.length; i++) {
            float actual = all[i / columns * step * columns + i % columns];
            // Where the base is stored in 16 bits, a sum next to the middle of two of its numbers may go either way.
            float rounding = switch (type) {
                case BF16 -> 0x1p-7f * Math.abs(expected[i]);
                case F16 -> 0x1p-10f * Math.abs(expected[i]);
                default -> 0;
            };
            if (!(Math.abs(actual - expected[i]) <= TOLERANCE * largest + rounding)) {
                fail("%s[%d]: %s instead of %s", name, i, actual, expected[i]);
            }
            different += actual == expected[i] ? 0 : 1;
        }
        if (stored.dtype() == type && type != DType.F32) {
            assertThat(different).as(name).isLessThanOrEqualTo(expected.length / 200);
        }
    }

    private static float[] numbers(Checkpoint checkpoint, TensorInfo tensor) {
        float[] values = new float[Math.toIntExact(tensor.elementCount())];
        checkpoint.readFloats(tensor, 0, FloatBuffer.wrap(values));
        return values;
    }
}
