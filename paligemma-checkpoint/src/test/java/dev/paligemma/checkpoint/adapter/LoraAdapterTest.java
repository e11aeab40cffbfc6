package dev.paligemma.checkpoint.adapter;

import static dev.paligemma.checkpoint.adapter.AdapterFolder.GATE;
import static dev.paligemma.checkpoint.adapter.AdapterFolder.PREFIX;
import static dev.paligemma.checkpoint.adapter.AdapterFolder.QUERY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.TestNetwork;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.convert.Sources;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.weights.DType;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused, and what follows from the files alone; the golden adapters are compared where the pipeline is. */
class LoraAdapterTest {
    private static final String NORM = "language_model.norm";
    private static final String TABLE = "language_model.embed_tokens";
    private static final int WIDTH = 160;

    @TempDir
    private static Path shared;

    @TempDir
    private Path folder;

    private static Path baseFolder;
    private static Checkpoint opened;

    @BeforeAll
    static void writeBase() throws IOException {
        baseFolder = Sources.write(shared.resolve("base"), DType.F32, 1, true, 1);
        opened = TestNetwork.open(baseFolder);
    }

    @AfterAll
    static void closeBase() {
        opened.close();
    }

    // What is read

    @Test
    void namesItsModules() throws IOException {
        Path written = good().write();
        LoraAdapter adapter = LoraAdapter.open(written, opened);
        assertThat(adapter.folder()).isEqualTo(written);
        assertThat(adapter.modules()).containsExactly(GATE);
    }

    @Test
    void noticesModulesThatShouldHaveTensors() throws IOException {
        assertThat(open("[\"gate_proj\"]").missing()).isEmpty();
        assertThat(open("[\"gate_proj\", \"self_attn.q_proj\"]").missing()).contains(QUERY);
        assertThat(open("[\"ate_proj\", \"nowhere\", 5]").missing()).isEmpty();
        assertThat(open("\".*q_proj\"").missing()).isEmpty();
        AdapterFolder elsewhere =
                good().config("target_modules", "[\"q_proj\"]").config("layers_to_transform", "[7]");
        assertThat(LoraAdapter.open(elsewhere.write(), opened).missing()).isEmpty();
    }

    private LoraAdapter open(String targets) throws IOException {
        return LoraAdapter.open(good().config("target_modules", targets).write(), opened);
    }

    @Test
    void scalesTheFactorsByAlphaThroughRank() throws IOException {
        AdapterFolder written = good();
        ModuleChange change = change(written, GATE);
        assertThat(Objects.requireNonNull(change.down()).shape()).containsExactly(2, WIDTH);
        assertThat(numbers(change.down())).isEqualTo(written.numbers(PREFIX + GATE + ".lora_A.weight"));
        float[] up = written.numbers(PREFIX + GATE + ".lora_B.weight");
        for (int i = 0; i < up.length; i++) {
            up[i] *= 2;
        }
        assertThat(Objects.requireNonNull(change.up()).shape()).containsExactly(300, 2);
        assertThat(numbers(change.up())).isEqualTo(up);
        assertThat(change.scale()).isNull();
        assertThat(change.shift()).isNull();
    }

    /** The patterns are for the paths of the version that saved the adapter. */
    @Test
    void anAnchoredPatternIsForThePathAsWritten() throws IOException {
        AdapterFolder here =
                good().config("alpha_pattern", "{\"^model.language_model.layers.0.mlp\\\\.gate_proj\": 40}");
        AdapterFolder elsewhere = good().config("alpha_pattern", "{\"^language_model.*\": 40, \"proj\": 40}");
        float unscaled = AdapterFolder.number(PREFIX + GATE + ".lora_B.weight", 3);
        assertThat(numbers(change(here, GATE).up())[3]).isEqualTo(20 * unscaled);
        assertThat(numbers(change(elsewhere, GATE).up())[3]).isEqualTo(2 * unscaled);
    }

    @ParameterizedTest
    @CsvSource({
        "lora_dropout, 0.1",
        "target_modules, '\"all-linear\"'",
        "layers_to_transform, '[0]'",
        "exclude_modules, '[\"lm_head\"]'",
        "init_lora_weights, '\"gaussian\"'",
        "init_lora_weights, false",
        "a_later_option, null",
        "a_later_option, false",
        "a_later_option, []",
        "a_later_option, 16",
        "use_qalora, false",
        "bias, '\"all\"'"
    })
    void acceptsWhatDoesNotMatter(String name, String json) throws IOException {
        assertThat(LoraAdapter.open(good().config(name, json).write(), opened).modules())
                .containsExactly(GATE);
    }

    @Test
    void leavesOutWhatIsAsInTheBase() throws IOException {
        try (Checkpoint base = TestNetwork.open(baseFolder)) {
            AdapterFolder written = good().tensor(PREFIX + NORM + ".weight", base(base, NORM + ".weight"), WIDTH)
                    .tensor(PREFIX + TABLE + ".weight", base(base, TABLE + ".weight"), 40, WIDTH)
                    .tensor(PREFIX + TABLE + ".base_layer.weight", base(base, TABLE + ".weight"), 40, WIDTH);
            assertThat(LoraAdapter.open(written.write(), base).changes()).containsOnlyKeys(GATE);
        }
    }

    @Test
    void trainedRowsOfATiedEmbeddingChangeTheHeadAlike() throws IOException {
        String name = PREFIX + TABLE + ".token_adapter.trainable_tokens_delta";
        AdapterFolder written = AdapterFolder.in(folder)
                .config("trainable_token_indices", "{\"embed_tokens\": [7, 3]}")
                .tensor(name, 2, WIDTH);
        try (Checkpoint base = TestNetwork.open(baseFolder)) {
            Map<String, ModuleChange> changes =
                    LoraAdapter.open(written.write(), base).changes();
            assertThat(changes).containsOnlyKeys(TABLE, "lm_head");
            ModuleChange table = Objects.requireNonNull(changes.get(TABLE));
            ModuleChange head = Objects.requireNonNull(changes.get("lm_head"));
            assertThat(Objects.requireNonNull(table.down()).shape()).containsExactly(40, 2);
            assertThat(Objects.requireNonNull(table.up()).shape()).containsExactly(WIDTH, 2);
            assertThat(numbers(table.down())).isEqualTo(numbers(head.up()));
            assertThat(numbers(table.down())[7 * 2]).isEqualTo(1);
            assertThat(numbers(table.down())[3 * 2 + 1]).isEqualTo(1);
            float trained = AdapterFolder.number(name, WIDTH + 5);
            float old = base(base, TABLE + ".weight")[3 * WIDTH + 5];
            assertThat(numbers(head.down())[WIDTH + 5]).isEqualTo(trained - old);
            assertThat(numbers(table.up())[5 * 2 + 1]).isEqualTo(trained - old);
        }
    }

    @Test
    void tiesTheHeadToTheEmbeddingIfAsked() throws IOException {
        AdapterFolder written = AdapterFolder.in(folder)
                .config("ensure_weight_tying", "true")
                .tensor(PREFIX + TABLE + ".lora_embedding_A", 2, 40)
                .tensor(PREFIX + TABLE + ".lora_embedding_B", WIDTH, 2);
        try (Checkpoint base = TestNetwork.open(baseFolder)) {
            Map<String, ModuleChange> changes =
                    LoraAdapter.open(written.write(), base).changes();
            ModuleChange table = Objects.requireNonNull(changes.get(TABLE));
            ModuleChange head = Objects.requireNonNull(changes.get("lm_head"));
            float[] down = numbers(table.down());
            float[] up = numbers(table.up());
            float[] headDown = numbers(head.down());
            float[] headUp = numbers(head.up());
            for (int id = 0; id < 40; id++) {
                for (int i = 0; i < WIDTH; i++) {
                    float forTable = down[id * 2] * up[i * 2] + down[id * 2 + 1] * up[i * 2 + 1];
                    float forHead = headUp[id * 2] * headDown[i] + headUp[id * 2 + 1] * headDown[WIDTH + i];
                    assertThat(forHead).isEqualTo(forTable);
                }
            }
        }
    }

    // What is refused

    @ParameterizedTest
    @ValueSource(
            strings = {
                "layer_replication",
                "target_parameters",
                "alora_invocation_tokens",
                "arrow_config",
                "kasa_config",
                "monteclora_config",
                "use_bdlora",
                "use_qalora",
                "a_later_option"
            })
    void refusesOptionsThatAreNotSupported(String name) throws IOException {
        refused(good().config(name, "true"), "not supported", name);
        refused(good().config(name, "[[0, 1]]"), "not supported", name);
        refused(good().config(name, "{\"beta\": 1}"), "not supported", name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pissa", "pissa_niter_16", "olora", "corda", "loftq", "lora_ga", "new"})
    void refusesAdaptersOfAChangedBase(String start) throws IOException {
        refused(good().config("init_lora_weights", '"' + start + '"'), "changes the base model before training", start);
    }

    @ParameterizedTest
    @CsvSource({
        "peft_type, '\"IA3\"', IA3",
        "peft_type, , peft_type",
        "bias, '\"some\"', some",
        "r, 0, r",
        "r, '\"8\"', r",
        "r, 4, rank 2",
        "rank_pattern, '{\"gate_proj\": 3}', says 3",
        "rank_pattern, '{\"gate_proj\": null}', gate_proj",
        "rank_pattern, '{\"(gate\": 2}', (gate",
        "rank_pattern, '{\"(.*)*(.*)*(.*)*(.*)*(.*)*x\": 2}', too long",
        "lora_alpha, '\"16\"', lora_alpha",
        "use_dora, true, lora_magnitude_vector",
        "use_rslora, 1, use_rslora"
    })
    void refusesWrongConfigurations(String name, String json, String named) throws IOException {
        refused(good().config(name, json), named);
    }

    @Test
    void listsTensorsThatAreNotUnderstood() throws IOException {
        AdapterFolder written = good();
        for (int i = 0; i < 30; i++) {
            written.tensor("base_model.model.model.encoder.layers." + i + ".lora_A.weight", 2, 3);
        }
        refused(written, "30 tensors that are not understood", "encoder.layers.0", "encoder.layers.19", "and 10 more");
    }

    @Test
    void refusesHalvesAndContradictions() throws IOException {
        refused(
                AdapterFolder.in(folder)
                        .tensor(PREFIX + GATE + ".lora_A.weight", 2, WIDTH)
                        .tensor(PREFIX + QUERY + ".lora_B.weight", 8, 2),
                GATE + ": has lora_A without lora_B",
                QUERY + ": has lora_B without lora_A");
        refused(good().tensor(PREFIX + GATE + ".lora_magnitude_vector", 300), "use_dora is false");
        refused(good().tensor(PREFIX + QUERY + ".lora_magnitude_vector", 8), QUERY, "without lora_A");
        refused(good().tensor(PREFIX + GATE + ".weight", 300, WIDTH), "in more than one way");
        refused(good().tensor(PREFIX + QUERY + ".lora_B.bias", 8), "a bias of lora_B without");
        refused(
                AdapterFolder.in(folder)
                        .tensor(PREFIX + GATE + ".lora_A.weight", 2, WIDTH)
                        .tensor(PREFIX + GATE + ".lora_B.weight", 300, 3),
                "do not have a rank in common");
    }

    @Test
    void refusesTwoNamesOfOneTensor() throws IOException {
        refused(
                good().tensor(PREFIX + GATE + ".lora_A.other.weight", 2, WIDTH),
                "two names of one tensor",
                "lora_A.other.weight");
    }

    @Test
    void refusesTensorsOfIntegers() throws IOException {
        refused(good().dtype("I32"), "expected F32, BF16 or F16, got I32");
    }

    @Test
    void refusesAFolderThatIsNoAdapter() throws IOException {
        assertThatExceptionOfType(AdapterException.class)
                .isThrownBy(() -> LoraAdapter.open(baseFolder, opened))
                .withMessageContaining("is a checkpoint of PaliGemma in Hugging Face format")
                .withMessageContaining("not an adapter; give a folder with adapter_config.json");
        assertThatExceptionOfType(AdapterException.class)
                .isThrownBy(() -> LoraAdapter.open(folder, opened))
                .withMessageContaining("not an adapter; give a folder with adapter_config.json");
        assertThatExceptionOfType(AdapterException.class)
                .isThrownBy(() -> LoraAdapter.open(folder.resolve("nowhere"), opened))
                .withMessageContaining("does not exist");
        refused(AdapterFolder.in(folder), "holds no tensors");
    }

    @Test
    void refusesPickledWeights() throws IOException {
        Path written = good().write();
        Files.move(written.resolve("adapter_model.safetensors"), written.resolve("adapter_model.bin"));
        assertThatExceptionOfType(AdapterException.class)
                .isThrownBy(() -> LoraAdapter.open(written, opened))
                .withMessageContaining("pickled")
                .withMessageContaining("safe_serialization");
    }

    @Test
    void listsWhatDoesNotFitTheBase() throws IOException {
        doesNotFit(
                AdapterFolder.in(folder)
                        .lora("language_model.layers.1.mlp.gate_proj", 300, WIDTH)
                        .lora(GATE, 300, WIDTH + 1)
                        .lora(QUERY, 9, WIDTH)
                        .tensor(PREFIX + NORM + ".weight", WIDTH + 1),
                "4 problems",
                "language_model.layers.1.mlp.gate_proj: the base model has no such module",
                "gate_proj.lora_A.weight: expected [2, 160], got [2, 161]",
                "q_proj.lora_B.weight: expected [8, 2], got [9, 2]",
                "norm.weight: expected [160], got [161]");
        doesNotFit(good().tensor(PREFIX + GATE + ".bias", 300), GATE + ": the adapter has a bias");
    }

    @Test
    void refusesNumbersThatAreNotFinite() throws IOException {
        float[] numbers = new float[600];
        numbers[7] = Float.NaN;
        doesNotFit(good().tensor(PREFIX + GATE + ".lora_B.weight", numbers, 300, 2), "element 7", "lora_B", "NaN");
        numbers[7] = Float.POSITIVE_INFINITY;
        doesNotFit(good().tensor(PREFIX + GATE + ".lora_B.weight", numbers, 300, 2), "Infinity");
        numbers[7] = Float.MAX_VALUE;
        doesNotFit(good().tensor(PREFIX + GATE + ".lora_B.weight", numbers, 300, 2), "exceeds float32");
    }

    @Test
    void refusesAnAdapterOfAnotherEmbedding() throws IOException {
        try (Checkpoint base = TestNetwork.open(baseFolder)) {
            float[] copy = base(base, TABLE + ".weight");
            copy[1234] += 1;
            doesNotFit(good().tensor(PREFIX + TABLE + ".base_layer.weight", copy, 40, WIDTH), "another embedding");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'[1, 3000000]', 'expected 1 to 1048576'",
        "'[1, 1]', twice",
        "'[1]', 'expected [1, 160], got [2, 160]'",
        ", which tokens"
    })
    void refusesTrainedRowsThatAreNotThere(String indices, String named) throws IOException {
        AdapterFolder written = AdapterFolder.in(folder)
                .config("trainable_token_indices", indices)
                .tensor(PREFIX + TABLE + ".token_adapter.trainable_tokens_delta", 2, WIDTH);
        doesNotFit(written, named);
    }

    @Test
    void refusesANormThatNoFactorLeadsTo() throws IOException {
        for (int seed = 0; seed < 100; seed++) {
            Path zeros = Sources.write(folder.resolve("base" + seed), DType.BF16, 1, true, seed);
            try (Checkpoint base = TestNetwork.open(zeros)) {
                for (float weight : base(base, NORM + ".weight")) {
                    if (weight == -1) {
                        AdapterFolder written =
                                AdapterFolder.in(folder.resolve("adapter")).tensor(PREFIX + NORM + ".weight", WIDTH);
                        LoraAdapter adapter = LoraAdapter.open(written.write(), base);
                        assertThatExceptionOfType(AdapterException.class)
                                .isThrownBy(adapter::changes)
                                .withMessageContaining("from which no factor leads to");
                        return;
                    }
                }
            }
        }
        throw new AssertionError("no base multiplies by 0");
    }

    private AdapterFolder good() {
        return AdapterFolder.in(folder).lora(GATE, 300, WIDTH);
    }

    private ModuleChange change(AdapterFolder written, String module) throws IOException {
        try (Checkpoint base = TestNetwork.open(baseFolder)) {
            return Objects.requireNonNull(
                    LoraAdapter.open(written.write(), base).changes().get(module));
        }
    }

    private static void refused(AdapterFolder written, String... parts) throws IOException {
        Path path = written.write();
        assertThatExceptionOfType(AdapterException.class)
                .isThrownBy(() -> LoraAdapter.open(path, opened))
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }

    private static void doesNotFit(AdapterFolder written, String... parts) throws IOException {
        Path path = written.write();
        try (Checkpoint base = TestNetwork.open(baseFolder)) {
            assertThatExceptionOfType(AdapterException.class)
                    .isThrownBy(() -> LoraAdapter.open(path, base).changes())
                    .satisfies(e -> assertThat(e.getMessage()).contains(parts));
        } catch (CheckpointException e) {
            throw new AssertionError(e);
        }
    }

    private static float[] base(Checkpoint base, String name) {
        float[] values = new float[(int) base.tensor(name).elementCount()];
        base.readFloats(base.tensor(name), 0, FloatBuffer.wrap(values));
        return values;
    }

    private static float[] numbers(@Nullable HostTensor tensor) {
        FloatBuffer numbers = Objects.requireNonNull(tensor).floats();
        float[] values = new float[numbers.remaining()];
        numbers.get(values);
        return values;
    }
}
