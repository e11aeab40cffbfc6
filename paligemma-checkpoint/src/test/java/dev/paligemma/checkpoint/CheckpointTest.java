package dev.paligemma.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsBytes;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.checkpoint.internal.safetensors.SpareTensors;
import dev.paligemma.checkpoint.internal.safetensors.WantedWeights;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {
    private static final String Q_PROJ = "language_model.layers.1.self_attn.q_proj.weight";

    @TempDir
    Path folder;

    // Models saved by transformers

    @ParameterizedTest
    @ValueSource(strings = {"gemma-f32", "gemma-f16-untied", "gemma2-bf16-sharded"})
    void readsEveryParameterOfTransformers(String model) throws IOException {
        try (Checkpoint checkpoint = TestNetwork.open(Resources.golden(model))) {
            assertMatchesTransformers(checkpoint, model);
            assertThat(checkpoint.unusedTensors()).isEmpty();
        }
    }

    /** Each line of expected.txt: name inside transformers, dtype, shape, SHA-256 of the values as float32. */
    private static void assertMatchesTransformers(Checkpoint checkpoint, String model) throws IOException {
        List<String> names = new ArrayList<>();
        for (String line : Files.readAllLines(Resources.golden(model + "/expected.txt"))) {
            String[] parts = line.split(" ");
            String name = parts[0].replaceFirst("^model\\.", "");
            TensorInfo tensor = checkpoint.tensor(name);
            DType dtype = switch (parts[1]) {
                case "float32" -> DType.F32;
                case "bfloat16" -> DType.BF16;
                default -> DType.F16;
            };
            assertThat(tensor.dtype()).as(name).isEqualTo(dtype);
            assertThat(tensor.shape())
                    .as(name)
                    .containsExactly(Arrays.stream(parts[2].split(","))
                            .mapToLong(Long::parseLong)
                            .toArray());
            assertThat(hashOfFloats(checkpoint, tensor)).as(name).isEqualTo(parts[3]);
            names.add(name);
        }
        assertThat(checkpoint.tensors().keySet()).containsExactlyInAnyOrderElementsOf(names);
    }

    private static String hashOfFloats(Checkpoint checkpoint, TensorInfo tensor) {
        FloatBuffer values = floats(checkpoint, tensor);
        ByteBuffer bytes = ByteBuffer.allocate(values.capacity() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static FloatBuffer floats(Checkpoint checkpoint, TensorInfo tensor) {
        FloatBuffer values = FloatBuffer.allocate(Math.toIntExact(tensor.elementCount()));
        checkpoint.readFloats(tensor, 0, values);
        assertThat(values.remaining()).isZero();
        return values.flip();
    }

    /** The ways in which published files name the same tensors. The golden files are of the last kind. */
    enum Generation {
        UP_TO_4_51,
        IN_MEMORY_4_52,
        IN_MEMORY_5,
        SAVED_BY_5;

        String rename(String name) {
            return switch (this) {
                case UP_TO_4_51 -> name.replaceFirst("^vision_tower\\.", "vision_tower.vision_model.");
                case IN_MEMORY_4_52 -> inMemory(name).replaceFirst("vision_tower\\.", "vision_tower.vision_model.");
                case IN_MEMORY_5 -> inMemory(name);
                case SAVED_BY_5 -> name;
            };
        }
    }

    private static String inMemory(String name) {
        return name.startsWith("language_model.lm_head.")
                ? name.replace("language_model.", "")
                : "model." + name.replace("language_model.model.", "language_model.");
    }

    @ParameterizedTest
    @EnumSource(Generation.class)
    void readsEveryGenerationOfNames(Generation generation) throws IOException {
        for (String model : List.of("gemma-f32", "gemma-f16-untied")) {
            Path copy = Resources.copy(model, folder.resolve(model));
            SafeTensorsBytes.copyRenamed(
                    Resources.golden(model + "/model.safetensors"),
                    copy.resolve("model.safetensors"),
                    generation::rename);
            try (Checkpoint checkpoint = TestNetwork.open(copy)) {
                assertMatchesTransformers(checkpoint, model);
            }
        }
    }

    @Test
    void takesTheVocabularyFromTheEmbedding() throws IOException {
        Path copy = Resources.copy("gemma-f32", folder.resolve("m"));
        edit(copy.resolve("config.json"), "\"vocab_size\": 40", "\"vocab_size\": 256000");
        try (Checkpoint checkpoint = TestNetwork.open(copy)) {
            assertThat(checkpoint.config().text().sizes().vocabSize()).isEqualTo(40);
            assertThat(checkpoint.config().imageTokenId()).isEqualTo(32);
            assertThat(checkpoint.folder()).isEqualTo(copy);
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void followsTheLinksOfTheHubCache() throws IOException {
        Path blobs = Resources.copy("gemma2-bf16-sharded", folder.resolve("blobs"));
        Path snapshot = Files.createDirectories(folder.resolve("snapshots/0123abcd"));
        int number = 0;
        for (Path file : files(blobs)) {
            Path blob = Files.move(file, blobs.resolve("blob" + number++));
            Files.createSymbolicLink(
                    snapshot.resolve(file.getFileName()),
                    Path.of("../../blobs", blob.getFileName().toString()));
        }
        try (Checkpoint checkpoint = TestNetwork.open(snapshot)) {
            assertMatchesTransformers(checkpoint, "gemma2-bf16-sharded");
            assertThat(checkpoint.files())
                    .hasSize(3)
                    .allSatisfy(file -> assertThat(file.getParent()).isEqualTo(blobs.toRealPath()));
            assertThat(checkpoint.tensor(Q_PROJ).file()).isIn(checkpoint.files());
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    @Test
    void prefersASingleFileOverAnIndex() throws IOException {
        Path copy = Resources.copy("gemma-f32", folder.resolve("m"));
        Files.writeString(copy.resolve("model.safetensors.index.json"), "not even JSON");
        try (Checkpoint checkpoint = TestNetwork.open(copy)) {
            assertThat(checkpoint.files())
                    .containsExactly(copy.resolve("model.safetensors").toRealPath());
        }
    }

    // Tensors that do not fit

    private Path zeros(Map<String, long[]> shapes, DType dtype) throws IOException {
        Path copy = Resources.copy("gemma-f16-untied", folder.resolve("m"));
        SafeTensorsBytes.writeZeros(copy.resolve("model.safetensors"), shapes, dtype);
        return copy;
    }

    private static Map<String, long[]> goodShapes() {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        try (Checkpoint checkpoint = TestNetwork.open(Resources.golden("gemma-f16-untied"))) {
            checkpoint.tensors().forEach((name, tensor) -> shapes.put(name, tensor.shape()));
        }
        return shapes;
    }

    @Test
    void namesEveryMissingAndMisshapenTensorAtOnce() throws IOException {
        Map<String, long[]> shapes = goodShapes();
        shapes.remove("vision_tower.post_layernorm.bias");
        shapes.remove(Q_PROJ);
        shapes.put("vision_tower.embeddings.position_embedding.weight", new long[] {9, 8});
        shapes.put("multi_modal_projector.linear.weight", new long[] {8, 12});
        shapes.put("language_model.norm.weight", new long[] {1, 12});
        shapes.put("lm_head.weight", new long[] {39, 12});
        Path copy = zeros(shapes, DType.BF16);

        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(copy))
                .withMessage(copy + ": 6 of 60 tensors do not fit config.json:\n"
                        + "  vision_tower.embeddings.position_embedding.weight: expected [4, 8], got [9, 8]\n"
                        + "  vision_tower.post_layernorm.bias: missing, expected [8]\n"
                        + "  multi_modal_projector.linear.weight: expected [12, 8], got [8, 12]\n"
                        + "  " + Q_PROJ + ": missing, expected [8, 12]\n"
                        + "  language_model.norm.weight: expected [12], got [1, 12]\n"
                        + "  lm_head.weight: expected [40, 12], got [39, 12]");
    }

    @Test
    void capsTheList() throws IOException {
        Path copy = zeros(Map.of("language_model.embed_tokens.weight", new long[] {40, 11}), DType.F32);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(copy))
                .withMessageContaining("60 of 60 tensors")
                .withMessageContaining("and 10 more")
                .withMessageNotContaining("lm_head")
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(52));
    }

    @ParameterizedTest
    @ValueSource(strings = {"U8", "I8", "F8_E4M3", "F64"})
    void rejectsWeightsThatAreNotFloats(DType dtype) throws IOException {
        Path copy = zeros(goodShapes(), dtype);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(copy))
                .withMessageContaining(
                        "expected F32, BF16, F16, or codes of bitsandbytes with their scales, got " + dtype);
    }

    @Test
    void rejectsTwoNamesOfOneTensor() throws IOException {
        Map<String, long[]> shapes = goodShapes();
        shapes.put("model.language_model.norm.weight", new long[] {12});
        Path copy = zeros(shapes, DType.F32);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(copy))
                .withMessageContaining("\"language_model.norm.weight\" and \"model.language_model.norm.weight\"");
    }

    @Test
    void listsUnusedTensorsWithoutFailing() throws IOException {
        Map<String, long[]> shapes = goodShapes();
        shapes.put("custom_text_proj.weight", new long[] {3});
        shapes.put("vision_tower.vision_model.embeddings.position_ids", new long[] {1, 4});
        shapes.put("vision_tower.vision_model.head.probe", new long[] {1, 1, 8});
        try (Checkpoint checkpoint = TestNetwork.open(zeros(shapes, DType.F32))) {
            assertThat(checkpoint.unusedTensors())
                    .extracting(TensorInfo::name)
                    .containsExactly("custom_text_proj.weight");
            assertThat(checkpoint.contains("custom_text_proj.weight")).isFalse();
        }
    }

    @Test
    void ignoresTheHeadOfATiedModel() throws IOException {
        Path copy = zeros(goodShapes(), DType.F32);
        edit(copy.resolve("config.json"), "\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true");
        try (Checkpoint checkpoint = TestNetwork.open(copy)) {
            assertThat(checkpoint.contains("lm_head.weight")).isFalse();
            assertThat(checkpoint.unusedTensors()).extracting(TensorInfo::name).containsExactly("lm_head.weight");
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> checkpoint.tensor("lm_head.weight"))
                    .withMessageContaining("no tensor \"lm_head.weight\"");
        }
    }

    @Test
    void aTensorInTwoShardsIsNotSaidToBeUnused() throws IOException {
        Path copy = Resources.copy("gemma2-bf16-sharded", folder.resolve("m"));
        String name = "language_model.model.norm.weight";
        Path index = copy.resolve("model.safetensors.index.json");
        List<Path> others = files(copy).stream()
                .filter(file -> file.toString().endsWith(".safetensors"))
                .filter(file -> !SafeTensorsFile.read(file).tensors().containsKey(name))
                .sorted()
                .toList();
        StoredTensors shard = StoredTensors.of(others.get(0));
        shard.put(name, new float[12]).put("custom", new float[1]).write(others.get(0));
        edit(
                index,
                "\"weight_map\": {",
                "\"weight_map\": {\"custom\": \"" + others.get(0).getFileName() + "\",");
        try (Checkpoint checkpoint = TestNetwork.open(copy)) {
            assertMatchesTransformers(checkpoint, "gemma2-bf16-sharded");
            assertThat(checkpoint.unusedTensors()).extracting(TensorInfo::name).containsExactly("custom", name);
            assertThat(SpareTensors.of(
                                    checkpoint.unusedTensors(),
                                    checkpoint.tensors().keySet())
                            .describe(copy))
                    .containsExactly(
                            copy + ": 1 tensor is not used, among them [\"custom\"]",
                            copy
                                    + ": 1 tensor is in two shards; those in the shards that the index names are used, and not"
                                    + " [\"" + name + "\" in " + others.get(0).getFileName() + "]");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"model_type\": \"gemma\"", "\"model_type\": null", "\"model_type_is\": \"missing\""})
    void refusesTheWeightsOfGemma2ForAGemma(String type) throws IOException {
        Path copy = Resources.copy("gemma2-bf16-sharded", folder.resolve("m"));
        edit(copy.resolve("config.json"), "\"model_type\": \"gemma2\"", type);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(copy))
                .withMessageStartingWith(copy + ": text_config.model_type of config.json is \"gemma\" or missing")
                .withMessageContaining("norms that only Gemma 2 has, among them"
                        + " \"language_model.layers.0.post_feedforward_layernorm.weight\"")
                .withMessageEndingWith("expected text_config.model_type \"gemma2\"");
    }

    @Test
    void refusesTheArraysOfGemma2ForAGemma() {
        WantedWeights gemma =
                WantedWeights.of(TestNetwork::graphs, PaliGemmaConfig.read(Resources.golden("gemma-f32/config.json")));
        WantedWeights gemma2 = WantedWeights.of(
                TestNetwork::graphs, PaliGemmaConfig.read(Resources.golden("gemma2-bf16-sharded/config.json")));
        List<String> both = List.of("llm/layers/pre_attention_norm/scale", "llm/layers/pre_ffw_norm/scale");
        gemma.refuseNormsOfGemma2(folder, both);
        for (String norm : List.of("llm/layers/post_attention_norm/scale", "llm/layers/post_ffw_norm/scale")) {
            gemma2.refuseNormsOfGemma2(folder, List.of(norm));
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> gemma.refuseNormsOfGemma2(folder, List.of(norm)))
                    .withMessageContaining("1 norms that only Gemma 2 has, among them \"" + norm + "\"");
        }
    }

    private static void edit(Path file, String from, String to) throws IOException {
        String text = Files.readString(file);
        assertThat(text).contains(from);
        Files.writeString(file, text.replace(from, to));
    }

    // Folders

    @Test
    void namesWhatAFolderLacks() throws IOException {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(folder.resolve("none")))
                .withMessageContaining("none does not exist");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(folder))
                .withMessageContaining("is an empty folder; give the folder of a checkpoint, which has config.json");
        Files.copy(Resources.golden("gemma-f32/config.json"), folder.resolve("config.json"));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(folder))
                .withMessageContaining("holds neither model.safetensors nor model.safetensors.index.json");
        Files.createFile(folder.resolve("adapter_config.json"));
        Files.createFile(folder.resolve("pytorch_model.bin"));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(folder))
                .withMessageContaining("is an adapter for a model that its damaged adapter_config.json does not name");
        Files.delete(folder.resolve("adapter_config.json"));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(folder))
                .withMessageContaining("pickled weights of PyTorch (pytorch_model.bin), written by transformers")
                .withMessageContaining("are not read, so save as safetensors");
    }

    @Test
    void anAdapterWithoutItsBaseIsSaidToBeOne() throws IOException {
        Path config = folder.resolve("adapter_config.json");
        Files.writeString(config, "{\"base_model_name_or_path\": \"google/paligemma-3b-pt-224\"}");
        Files.createFile(folder.resolve("adapter_model.safetensors"));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(folder))
                .withMessage(
                        folder + " is an adapter (LoRA) for \"google/paligemma-3b-pt-224\", written by PEFT; open that"
                                + " model, and give this folder as its adapter with adapter(...) of the builder");
        Files.writeString(config, "{}");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(folder))
                .withMessageContaining("an adapter (LoRA) for a model that it does not name");
        Files.writeString(config, "{\"base_model_name_or_path\": [");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(folder))
                .withMessageContaining("an adapter for a model that its damaged adapter_config.json does not name")
                .withCauseInstanceOf(CheckpointException.class);
    }

    @Test
    void namesEveryMissingShard() throws IOException {
        Path copy = Resources.copy("gemma2-bf16-sharded", folder.resolve("m"));
        Files.delete(copy.resolve("model-00001-of-00003.safetensors"));
        Files.delete(copy.resolve("model-00003-of-00003.safetensors"));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(copy))
                .withMessageContaining("lacks 2 of the 3 shards")
                .withMessageContaining("model-00001-of-00003.safetensors")
                .withMessageContaining("model-00003-of-00003.safetensors");
    }

    @Test
    void rejectsATruncatedShard() throws IOException {
        Path copy = Resources.copy("gemma2-bf16-sharded", folder.resolve("m"));
        Path shard = copy.resolve("model-00002-of-00003.safetensors");
        byte[] bytes = Files.readAllBytes(shard);
        Files.write(shard, Arrays.copyOf(bytes, bytes.length - 1));
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(copy))
                .withMessageContaining("model-00002-of-00003.safetensors")
                .withMessageContaining("truncated file?");
    }

    @Test
    void rejectsAnIndexThatNamesTensorsTheShardLacks() throws IOException {
        Path copy = Resources.copy("gemma2-bf16-sharded", folder.resolve("m"));
        edit(
                copy.resolve("model.safetensors.index.json"),
                "\"weight_map\": {",
                "\"weight_map\": {\n\"extra\": \"model-00001-of-00003.safetensors\",");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(copy))
                .withMessageContaining("\"extra\" is not in model-00001-of-00003.safetensors");
    }

    @Test
    void readsWhatTheIndexForgets() throws IOException {
        Path copy = Resources.copy("gemma2-bf16-sharded", folder.resolve("m"));
        edit(copy.resolve("model.safetensors.index.json"), "\"language_model.model.norm.weight\"", "\"forgotten\"");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(copy))
                .withMessageContaining("\"forgotten\" is not in");
        String index = Files.readString(copy.resolve("model.safetensors.index.json"));
        Files.writeString(
                copy.resolve("model.safetensors.index.json"), index.replaceAll("\\s*\"forgotten\": \"[^\"]*\",", ""));
        try (Checkpoint checkpoint = TestNetwork.open(copy)) {
            assertMatchesTransformers(checkpoint, "gemma2-bf16-sharded");
            assertThat(checkpoint.unusedTensors()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"../model-00001-of-00003.safetensors\"",
                "\"/etc/x.safetensors\"",
                "\"C:\\\\x.safetensors\"",
                "\"a/b.safetensors\"",
                "\"..\"",
                "\".hidden.safetensors\"",
                "\"\"",
                "\"pytorch_model.bin\"",
                "\"con\\u0000.safetensors\"",
                "\"x.safetensors\\n\"",
                "7",
                "null",
            })
    void rejectsShardNamesThatLeaveTheFolder(String shard) throws IOException {
        Path copy = Resources.copy("gemma2-bf16-sharded", folder.resolve("m"));
        Files.writeString(copy.resolve("model.safetensors.index.json"), "{\"weight_map\": {\"a\": " + shard + "}}");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(copy))
                .withMessageContaining("\"a\" must name a .safetensors file in the same folder");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"weight_map\": {}}", "{\"weight_map\": []}", "[]", "", "{\"weight_map\": {\"a\""})
    void rejectsBadIndexes(String index) throws IOException {
        Path copy = Resources.copy("gemma2-bf16-sharded", folder.resolve("m"));
        Files.writeString(copy.resolve("model.safetensors.index.json"), index);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> TestNetwork.open(copy))
                .withMessageContaining("model.safetensors.index.json");
    }

    // Reading

    @Test
    void readsAnyRange() throws IOException {
        try (Checkpoint checkpoint = TestNetwork.open(Resources.golden("gemma2-bf16-sharded"))) {
            TensorInfo tensor = checkpoint.tensor(Q_PROJ);
            FloatBuffer all = floats(checkpoint, tensor);
            for (int from = 0; from <= all.capacity(); from += 7) {
                FloatBuffer part = FloatBuffer.allocate(Math.min(5, all.capacity() - from) + 2);
                part.position(1).limit(part.capacity() - 1);
                checkpoint.readFloats(tensor, from, part);
                assertThat(part.position()).isEqualTo(part.limit());
                assertThat(part.get(0)).isZero();
                for (int i = 1; i < part.limit(); i++) {
                    assertThat(part.get(i)).isEqualTo(all.get(from + i - 1));
                }
            }
        }
    }

    @Test
    void readsMoreThanOneChunk() throws IOException {
        Map<String, long[]> shapes = goodShapes();
        shapes.put("language_model.embed_tokens.weight", new long[] {30_001, 12});
        shapes.put("lm_head.weight", new long[] {30_001, 12});
        Path copy = zeros(shapes, DType.BF16);
        Path file = copy.resolve("model.safetensors");
        long offset;
        try (Checkpoint checkpoint = TestNetwork.open(copy)) {
            offset = checkpoint.tensor("lm_head.weight").offset();
        }
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 30_001 * 12; i++) {
            data.putShort((int) offset + 2 * i, (short) (i % 32_000));
        }
        Files.write(file, bytes);
        try (Checkpoint checkpoint = TestNetwork.open(copy)) {
            FloatBuffer values = floats(checkpoint, checkpoint.tensor("lm_head.weight"));
            for (int i = 0; i < values.capacity(); i++) {
                if (Float.floatToRawIntBits(values.get(i)) != (i % 32_000) << 16) {
                    throw new AssertionError("element " + i + " is " + values.get(i));
                }
            }
        }
    }

    @Test
    void mapsReadOnlyLittleEndianSlices() throws IOException {
        try (Checkpoint checkpoint = TestNetwork.open(Resources.golden("gemma-f32"))) {
            TensorInfo tensor = checkpoint.tensor(Q_PROJ);
            FloatBuffer values = floats(checkpoint, tensor);
            ByteBuffer mapped = checkpoint.map(tensor, 8, 12);
            assertThat(mapped.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
            assertThat(mapped.remaining()).isEqualTo(12);
            assertThat(mapped.getFloat(4)).isEqualTo(values.get(3));
            assertThatExceptionOfType(ReadOnlyBufferException.class).isThrownBy(() -> mapped.put(0, (byte) 1));
            assertThat(checkpoint.map(tensor, tensor.byteLength(), 0).remaining())
                    .isZero();
        }
    }

    @Test
    void tellsWhereTheBytesLie() throws IOException {
        try (Checkpoint checkpoint = TestNetwork.open(Resources.golden("gemma-f32"))) {
            TensorInfo tensor = checkpoint.tensor(Q_PROJ);
            ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(tensor.file())).order(ByteOrder.LITTLE_ENDIAN);
            assertThat(file.slice((int) tensor.offset(), (int) tensor.byteLength()))
                    .isEqualTo(checkpoint.map(tensor, 0, tensor.byteLength()));
        }
    }

    @Test
    void rejectsRangesOutsideTheTensor() {
        try (Checkpoint checkpoint = TestNetwork.open(Resources.golden("gemma-f32"))) {
            TensorInfo tensor = checkpoint.tensor("language_model.norm.weight");
            for (long from : new long[] {-1, 1, Long.MAX_VALUE}) {
                assertThatExceptionOfType(IndexOutOfBoundsException.class)
                        .isThrownBy(() -> checkpoint.readFloats(tensor, from, FloatBuffer.allocate(12)));
                assertThatExceptionOfType(IndexOutOfBoundsException.class)
                        .isThrownBy(() -> checkpoint.map(tensor, from, 48));
            }
        }
    }

    @Test
    void rejectsTensorsOfAnotherCheckpoint() {
        try (Checkpoint one = TestNetwork.open(Resources.golden("gemma-f32"));
                Checkpoint other = TestNetwork.open(Resources.golden("gemma2-bf16-sharded"))) {
            TensorInfo foreign = other.tensor(Q_PROJ);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> one.map(foreign, 0, 1))
                    .withMessageContaining("is not a tensor of");
            TensorInfo real = one.tensor(Q_PROJ);
            TensorInfo forged = new TensorInfo(
                    real.name(), real.dtype(), real.shape(), real.file(), real.offset() + 4, real.byteLength());
            assertThatIllegalArgumentException().isThrownBy(() -> one.readFloats(forged, 0, FloatBuffer.allocate(1)));
        }
    }

    @Test
    void noticesThatAFileChangedItsSize() throws IOException {
        Path copy = Resources.copy("gemma-f32", folder.resolve("m"));
        try (Checkpoint checkpoint = TestNetwork.open(copy)) {
            TensorInfo tensor = checkpoint.tensor(Q_PROJ);
            Files.write(copy.resolve("model.safetensors"), new byte[1], StandardOpenOption.APPEND);
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> checkpoint.readFloats(tensor, 0, FloatBuffer.allocate(1)))
                    .withMessageContaining("has changed since it was opened");
            assertThatExceptionOfType(CheckpointException.class).isThrownBy(() -> checkpoint.map(tensor, 0, 1));
        }
    }

    @Test
    void noticesThatAFileWasTruncatedOrRemoved() throws IOException {
        Path copy = Resources.copy("gemma-f32", folder.resolve("m"));
        Path weights = copy.resolve("model.safetensors");
        try (Checkpoint checkpoint = TestNetwork.open(copy)) {
            TensorInfo tensor = checkpoint.tensor(Q_PROJ);
            Files.write(weights, Arrays.copyOf(Files.readAllBytes(weights), 100));
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> checkpoint.readFloats(tensor, 0, FloatBuffer.allocate(1)))
                    .withMessageContaining("has changed since it was opened: expected")
                    .withMessageContaining("got 100");
            Files.delete(weights);
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> checkpoint.map(tensor, 0, 1))
                    .withMessageContaining("cannot read ")
                    .withMessageContaining("model.safetensors");
        }
    }

    /** Training saves over its last checkpoint: the sizes stay. */
    @Test
    void noticesThatAFileWasWrittenAgainInTheSameSize() throws IOException {
        Path copy = Resources.copy("gemma-f32", folder.resolve("m"));
        Path weights = copy.resolve("model.safetensors");
        Files.setLastModifiedTime(weights, FileTime.from(Instant.parse("2024-05-01T10:00:00Z")));
        try (Checkpoint checkpoint = TestNetwork.open(copy)) {
            TensorInfo tensor = checkpoint.tensor(Q_PROJ);
            Files.write(weights, Files.readAllBytes(weights));
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> checkpoint.readFloats(tensor, 0, FloatBuffer.allocate(1)))
                    .withMessageContaining("has changed since it was opened")
                    .withMessageContaining("written at 2024-05-01T10:00:00Z");
            assertThatExceptionOfType(CheckpointException.class).isThrownBy(() -> checkpoint.map(tensor, 0, 1));
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "files have no keys there")
    void noticesThatAnotherFileHasTakenThePlace() throws IOException {
        Path copy = Resources.copy("gemma-f32", folder.resolve("m"));
        Path weights = copy.resolve("model.safetensors");
        FileTime time = Files.getLastModifiedTime(weights);
        try (Checkpoint checkpoint = TestNetwork.open(copy)) {
            TensorInfo tensor = checkpoint.tensor(Q_PROJ);
            Path other = Files.copy(weights, folder.resolve("other"));
            Files.setLastModifiedTime(other, time);
            Files.move(other, weights, StandardCopyOption.REPLACE_EXISTING);
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> checkpoint.readFloats(tensor, 0, FloatBuffer.allocate(1)))
                    .withMessageContaining("another file has taken its place");
        }
    }

    @Test
    void refusesToReadAfterClose() {
        Checkpoint checkpoint = TestNetwork.open(Resources.golden("gemma-f32"));
        TensorInfo tensor = checkpoint.tensor(Q_PROJ);
        ByteBuffer mapped = checkpoint.map(tensor, 0, 4);
        checkpoint.close();
        checkpoint.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> checkpoint.readFloats(tensor, 0, FloatBuffer.allocate(1)))
                .withMessageContaining("is closed");
        assertThatIllegalStateException().isThrownBy(() -> checkpoint.map(tensor, 0, 1));
        assertThatIllegalStateException().isThrownBy(() -> checkpoint.tensor(Q_PROJ));
        assertThat(mapped.getFloat(0)).isFinite();
        assertThat(checkpoint.config().vision().layers()).isEqualTo(2);
    }

    @Test
    void anInterruptFailsOnlyItsOwnRead() {
        try (Checkpoint checkpoint = TestNetwork.open(Resources.golden("gemma-f32"))) {
            TensorInfo tensor = checkpoint.tensor(Q_PROJ);
            Thread.currentThread().interrupt();
            assertThatExceptionOfType(CheckpointException.class)
                    .isThrownBy(() -> checkpoint.readFloats(tensor, 0, FloatBuffer.allocate(1)))
                    .withMessageContaining("interrupted while reading");
            assertThat(Thread.interrupted()).isTrue();
            assertThat(floats(checkpoint, tensor).get(0)).isFinite();
        }
    }

    @Test
    void readsFromManyThreads() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (Checkpoint checkpoint = TestNetwork.open(Resources.golden("gemma2-bf16-sharded"))) {
            List<Future<?>> runs = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                runs.add(threads.submit(() -> {
                    assertMatchesTransformers(checkpoint, "gemma2-bf16-sharded");
                    return null;
                }));
            }
            for (Future<?> run : runs) {
                run.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
