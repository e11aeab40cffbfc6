package dev.paligemma.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.internal.convert.CheckpointConverter;
import dev.paligemma.checkpoint.internal.convert.ConversionPlan;
import dev.paligemma.checkpoint.internal.safetensors.OutputHead;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.checkpoint.internal.safetensors.TensorFiles;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which tensor the output head is; {@code src/reference/heads} asserts that transformers decides so. */
class OutputHeadTest {
    private static final String TABLE = "language_model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";
    private static final int ROWS = 40;
    private static final int WIDTH = 12;

    @TempDir
    Path folder;

    private int models;

    /** The stored model, whose head is its own, with other tensors for the two, and another word in config.json. */
    private Path model(String says, Map<String, byte[]> halves) throws IOException {
        Path copy = Resources.copy("gemma-f16-untied", folder.resolve("m" + models++));
        Path file = copy.resolve("model.safetensors");
        StoredTensors tensors = StoredTensors.of(file);
        SafeTensorsFile.read(file).tensors().keySet().stream()
                .filter(name -> name.endsWith("embed_tokens.weight") || name.endsWith("lm_head.weight"))
                .forEach(tensors::remove);
        halves.forEach((name, bytes) -> tensors.put(name, DType.F16, bytes, bytes.length / 2 / WIDTH, WIDTH));
        Files.delete(file);
        tensors.write(file);
        Path config = copy.resolve("config.json");
        String text = Files.readString(config).replaceAll("\"tie_word_embeddings\": \\w+,?", "");
        String top = says.equals("none") || says.equals("text") ? "" : "\"tie_word_embeddings\": " + says + ",";
        text = text.replaceFirst("\\{", "{" + top);
        Files.writeString(
                config,
                says.equals("text")
                        ? text.replaceFirst("(\"text_config\": \\{)", "$1\"tie_word_embeddings\": false,")
                        : text);
        return copy;
    }

    private static byte[] numbers(int seed, int rows) {
        byte[] bytes = new byte[rows * WIDTH * 2];
        // The upper byte of a finite float16.
        for (int i = 0; i < bytes.length; i += 2) {
            bytes[i] = (byte) (seed + i);
            bytes[i + 1] = 0x30;
        }
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "false", "none", "text"})
    void twoThatDifferAreBothUsed(String says) throws IOException {
        Map<String, byte[]> halves = Map.of(TABLE, numbers(1, ROWS), HEAD, numbers(2, ROWS));
        try (Checkpoint checkpoint = TestNetwork.open(model(says, halves))) {
            assertThat(checkpoint.config().text().tieWordEmbeddings()).isFalse();
            assertThat(checkpoint.tensor(TABLE).name()).isEqualTo(TABLE);
            assertThat(checkpoint.tensor(HEAD).name()).isEqualTo(HEAD);
            assertThat(checkpoint.unusedTensors()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"true, true", "none, true", "text, false", "false, false"})
    void twoThatAreEqualAreOneUnlessTheConfigurationSaysOtherwise(String says, boolean tied) throws IOException {
        Map<String, byte[]> halves = Map.of(TABLE, numbers(1, ROWS), HEAD, numbers(1, ROWS));
        try (Checkpoint checkpoint = TestNetwork.open(model(says, halves))) {
            assertThat(checkpoint.config().text().tieWordEmbeddings()).isEqualTo(tied);
            assertThat(checkpoint.unusedTensors())
                    .extracting(TensorInfo::name)
                    .isEqualTo(tied ? List.of(HEAD) : List.of());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "true, lm_head.weight",
        "none, lm_head.weight",
        "text, language_model.lm_head.weight",
        "none, model.lm_head.weight",
        "true, model.language_model.lm_head.weight",
        "true, _orig_mod.lm_head.weight",
        "none, base_model.model.lm_head.weight",
        "none, language_model.model.embed_tokens.weight",
        "text, model.language_model.embed_tokens.weight",
    })
    void oneOfThemIsBoth(String says, String name) throws IOException {
        try (Checkpoint checkpoint = TestNetwork.open(model(says, Map.of(name, numbers(1, ROWS))))) {
            assertThat(checkpoint.config().text().tieWordEmbeddings()).isTrue();
            assertThat(checkpoint.tensor(TABLE).name()).isEqualTo(name);
            assertThat(checkpoint.contains(HEAD)).isFalse();
            assertThat(checkpoint.unusedTensors()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {TABLE, HEAD})
    void oneIsNotEnoughForAModelThatSaysItHasTwo(String name) throws IOException {
        Path model = model("false", Map.of(name, numbers(1, ROWS)));
        String missing = name.equals(HEAD) ? TABLE : HEAD;
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(model))
                .withMessageContaining(
                        missing + ": missing, expected [40, 12], for config.json has" + " tie_word_embeddings false");
    }

    /** Transformers does not load such a checkpoint either. */
    @Test
    void aHeadOfAnotherSizeIsRefused() throws IOException {
        Path model = model("true", Map.of(TABLE, numbers(1, ROWS), HEAD, numbers(1, ROWS - 1)));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(model))
                .withMessageContaining("lm_head.weight: expected [40, 12], got [39, 12]");
    }

    @Test
    void theVocabularyIsThatOfTheHeadWhereThatIsAll() throws IOException {
        try (Checkpoint checkpoint = TestNetwork.open(model("true", Map.of(HEAD, numbers(1, ROWS + 3))))) {
            assertThat(checkpoint.config().text().sizes().vocabSize()).isEqualTo(ROWS + 3);
        }
    }

    /** Longer than what is compared at once, and in types of different width. */
    @ParameterizedTest
    @CsvSource({
        "F32, F32, -1, true",
        "F32, F32, 0, false",
        "F32, F32, 1199999, false",
        "BF16, F32, -1, true",
        "BF16, F32, 1199999, false",
        "F32, I32, -1, false",
        "U8, U8, -1, false",
    })
    void comparesToTheLastNumber(DType one, DType other, int different, boolean same) throws IOException {
        int count = 1_200_000;
        byte[] first = new byte[count * one.byteSize()];
        byte[] second = new byte[count * other.byteSize()];
        if (different >= 0) {
            second[(different + 1) * other.byteSize() - 1] = 1;
        }
        Path file = new StoredTensors()
                .put(TABLE, one, first, count, 1)
                .put(HEAD, other, second, count, 1)
                .write(folder.resolve("two.safetensors"));
        SafeTensorsFile read = SafeTensorsFile.read(file);
        TensorFiles files = new TensorFiles(folder, List.of(read.stored()));
        PaliGemmaConfig config = PaliGemmaConfig.read(
                        Resources.golden("gemma-f16-untied").resolve("config.json"))
                .withTieWordEmbeddings(true);
        PaliGemmaConfig settled =
                new OutputHead(folder, files, Map.of()).settle(config, new LinkedHashMap<>(read.tensors()));
        assertThat(settled.text().tieWordEmbeddings()).isEqualTo(same);
    }

    /** The converted folder must not fall back to the embedding, and must say so to any reader of its config.json. */
    @ParameterizedTest
    @EnumSource(names = {"INT8", "INT4"})
    void aHeadOfItsOwnIsConverted(Precision precision) throws IOException {
        Map<String, byte[]> halves = Map.of(TABLE, numbers(1, ROWS), HEAD, numbers(2, ROWS));
        Path target = folder.resolve("converted");
        try (Checkpoint original = TestNetwork.open(model("none", halves))) {
            List<Graph> graphs = original.graphs();
            CheckpointConverter.convert(original, ConversionPlan.of(precision, graphs), target, progress -> {});
        }
        assertThat(PaliGemmaConfig.read(target.resolve("config.json")).text().tieWordEmbeddings())
                .isFalse();
        try (Checkpoint converted = TestNetwork.open(target)) {
            assertThat(converted.weights()).containsKey(HEAD);
            boolean codes =
                    Arrays.stream(MatrixFormat.values()).anyMatch(format -> converted.contains(format.codes(HEAD)));
            assertThat(codes).isTrue();
        }
    }

    @Test
    void theParametersOfBothAreCounted() throws IOException {
        Map<String, byte[]> halves = Map.of(TABLE, numbers(1, ROWS), HEAD, numbers(2, ROWS));
        try (Checkpoint tied = TestNetwork.open(model("true", Map.of(TABLE, numbers(1, ROWS))));
                Checkpoint untied = TestNetwork.open(model("true", halves))) {
            assertThat(untied.parameterCount()).isEqualTo(tied.parameterCount() + ROWS * WIDTH);
        }
    }
}
