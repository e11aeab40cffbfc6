package dev.paligemma.checkpoint.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.checkpoint.Resources;
import dev.paligemma.checkpoint.config.TextConfig.Family;
import dev.paligemma.checkpoint.config.TextConfig.LayerType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PaliGemmaConfigTest {
    /** As small as a configuration can be: everything else is a default. */
    private static final String MINIMAL = """
            {"model_type": "paligemma", TOP
             "vision_config": {"model_type": "siglip_vision_model" VISION},
             "text_config": {"model_type": "FAMILY", "num_attention_heads": 8, "num_key_value_heads": 4 TEXT}}
            """;

    @TempDir
    Path folder;

    private PaliGemmaConfig read(String json) throws IOException {
        return PaliGemmaConfig.read(Files.writeString(folder.resolve("config.json"), json));
    }

    private static String minimal(String family, String top, String vision, String text) {
        return MINIMAL.replace("FAMILY", family)
                .replace("TOP", top.isEmpty() ? "" : top + ",")
                .replace("VISION", vision.isEmpty() ? "" : ", " + vision)
                .replace("TEXT", text.isEmpty() ? "" : ", " + text);
    }

    private PaliGemmaConfig withTop(String top) throws IOException {
        return read(minimal("gemma2", top, "", ""));
    }

    private PaliGemmaConfig withVision(String vision) throws IOException {
        return read(minimal("gemma2", "", vision, ""));
    }

    private TextConfig withText(String family, String text) throws IOException {
        return read(minimal(family, "", "", text)).text();
    }

    private static List<LayerType> alternating(int layers) {
        List<LayerType> types = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            types.add(i % 2 == 0 ? LayerType.SLIDING : LayerType.FULL);
        }
        return types;
    }

    private static TextConfig gemma() {
        return new TextConfig(
                Family.GEMMA,
                new TextConfig.Sizes(257_216, 2048, 16_384, 18, 8, 1, 256),
                new TextConfig.Attention(10_000, 256, 0, 0, Collections.nCopies(18, LayerType.FULL)),
                1e-6f,
                0,
                true,
                8192);
    }

    private static TextConfig gemma2(
            int hidden, int intermediate, int layers, int heads, int kv, int headDim, int scalar) {
        return new TextConfig(
                Family.GEMMA2,
                new TextConfig.Sizes(257_216, hidden, intermediate, layers, heads, kv, headDim),
                new TextConfig.Attention(10_000, scalar, 50, 4096, alternating(layers)),
                1e-6f,
                30,
                true,
                8192);
    }

    private static TextConfig released(String model) {
        return switch (model) {
            case "paligemma-3b" -> gemma();
            case "paligemma2-3b" -> gemma2(2304, 9216, 26, 8, 4, 256, 256);
            case "paligemma2-10b" -> gemma2(3584, 14_336, 42, 16, 8, 256, 256);
            case "paligemma2-28b" -> gemma2(4608, 36_864, 46, 32, 16, 128, 144);
            default -> throw new IllegalArgumentException(model);
        };
    }

    @ParameterizedTest
    @CsvSource({
        "paligemma-3b, 224", "paligemma-3b, 448", "paligemma-3b, 896",
        "paligemma2-3b, 224", "paligemma2-3b, 448", "paligemma2-3b, 896",
        "paligemma2-10b, 224", "paligemma2-10b, 448", "paligemma2-10b, 896",
        "paligemma2-28b, 224", "paligemma2-28b, 448", "paligemma2-28b, 896",
    })
    void readsReleasedModelsInOldAndNewStyle(String model, int imageSize) {
        PaliGemmaConfig expected = new PaliGemmaConfig(
                new VisionConfig(1152, 4304, 27, 16, imageSize, 14, 1e-6f), released(model), 257_152, 2, List.of(1), 0);
        String file = model + "-" + imageSize + ".json";
        assertThat(PaliGemmaConfig.read(Resources.golden("configs/" + file))).isEqualTo(expected);
        assertThat(PaliGemmaConfig.read(Resources.golden("configs/resaved/" + file)))
                .isEqualTo(expected);
    }

    static Stream<String> transformersValues() throws IOException {
        return Files.readAllLines(Resources.golden("configs/resaved/expected.txt")).stream();
    }

    @ParameterizedTest
    @MethodSource("transformersValues")
    void readsWhatTransformersComputesWith(String line) {
        String[] values = line.split(" ");
        PaliGemmaConfig config = PaliGemmaConfig.read(Resources.golden("configs/" + values[0] + ".json"));
        VisionConfig v = config.vision();
        TextConfig t = config.text();
        List<Object> got = List.of(
                values[0],
                v.hiddenSize(),
                v.intermediateSize(),
                v.layers(),
                v.heads(),
                v.imageSize(),
                v.patchSize(),
                t.family() == Family.GEMMA ? "gemma" : "gemma2",
                t.sizes().vocabSize(),
                t.sizes().hiddenSize(),
                t.sizes().intermediateSize(),
                t.sizes().layers(),
                t.sizes().heads(),
                t.sizes().kvHeads(),
                t.sizes().headDim(),
                (long) t.attention().ropeTheta(),
                (long) t.attention().queryScalar(),
                (long) t.attention().softcap(),
                (long) t.finalLogitSoftcap(),
                t.attention().slidingWindow(),
                Collections.frequency(t.attention().layerTypes(), LayerType.SLIDING),
                String.valueOf(config.imageTokenId()),
                t.tieWordEmbeddings() ? "True" : "False");
        assertThat(got).extracting(Object::toString).containsExactly(values);
    }

    @Test
    void derivesSizes() {
        PaliGemmaConfig config = PaliGemmaConfig.read(Resources.golden("configs/paligemma2-28b-896.json"));
        assertThat(config.vision().patches()).isEqualTo(4096);
        assertThat(config.vision().patchesPerSide()).isEqualTo(64);
        assertThat(config.vision().headDim()).isEqualTo(72);
        assertThat(config.projectionDim()).isEqualTo(4608);
        assertThat(config.text().attention().scale()).isEqualTo(1 / 12.0, within(1e-17));
    }

    // Defaults of transformers 5.24: SiglipVisionConfig, GemmaConfig, Gemma2Config

    @Test
    void fillsInDefaultsOfGemma2() throws IOException {
        PaliGemmaConfig config = withTop("");
        assertThat(config.vision()).isEqualTo(new VisionConfig(768, 3072, 12, 12, 224, 16, 1e-6f));
        assertThat(config.text())
                .isEqualTo(gemma2(2304, 9216, 26, 8, 4, 256, 256).withVocabSize(256_000));
        assertThat(config.imageTokenId()).isNull();
        assertThat(config.bosTokenId()).isEqualTo(2);
        assertThat(config.eosTokenIds()).containsExactly(1);
        assertThat(config.padTokenId()).isZero();
    }

    @Test
    void fillsInDefaultsOfGemma() throws IOException {
        TextConfig text = read("""
                        {"architectures": ["PaliGemmaForConditionalGeneration"], "vision_config": {}, "text_config": {}}
                        """).text();
        assertThat(text)
                .isEqualTo(new TextConfig(
                        Family.GEMMA,
                        new TextConfig.Sizes(256_000, 3072, 24_576, 28, 16, 16, 256),
                        new TextConfig.Attention(10_000, 256, 0, 0, Collections.nCopies(28, LayerType.FULL)),
                        1e-6f,
                        0,
                        true,
                        8192));
    }

    @Test
    void scalesGemmaByTheHeadWhateverElseIsSaid() throws IOException {
        TextConfig text = withText(
                "gemma",
                "\"head_dim\": 64, \"query_pre_attn_scalar\": 9, \"attn_logit_softcapping\": 50, \"sliding_window\": 4");
        assertThat(text.attention().scale()).isEqualTo(0.125);
        assertThat(text.attention().softcap()).isZero();
        assertThat(text.attention().slidingWindow()).isZero();
    }

    /** transformers reads the final soft-cap of any language model; that of attention is one of Gemma 2. */
    @Test
    void takesAFinalSoftcapOfGemmaToo() throws IOException {
        assertThat(withText("gemma", "\"final_logit_softcapping\": 20.0").finalLogitSoftcap())
                .isEqualTo(20);
        assertThat(withText("gemma", "\"head_dim\": 64").finalLogitSoftcap()).isZero();
        assertThat(withText("gemma2", "\"head_dim\": 64").finalLogitSoftcap()).isEqualTo(30);
    }

    @Test
    void takesNullCapsAndWindowForNone() throws IOException {
        TextConfig text = withText(
                "gemma2",
                "\"attn_logit_softcapping\": null, \"final_logit_softcapping\": null, \"sliding_window\": null");
        assertThat(text.attention().softcap()).isZero();
        assertThat(text.finalLogitSoftcap()).isZero();
        assertThat(text.attention().slidingWindow()).isZero();
        assertThat(text.attention().layerTypes()).containsOnly(LayerType.FULL);
    }

    @Test
    void takesNullElsewhereForAbsent() throws IOException {
        assertThat(withText("gemma2", "\"head_dim\": null, \"rope_scaling\": null, \"hidden_activation\": null")
                        .sizes()
                        .headDim())
                .isEqualTo(256);
    }

    @Test
    void readsLayerTypes() throws IOException {
        TextConfig text = withText(
                "gemma2",
                "\"num_hidden_layers\": 3, \"layer_types\": [\"full_attention\", \"full_attention\", \"sliding_attention\"]");
        assertThat(text.attention().layerTypes()).containsExactly(LayerType.FULL, LayerType.FULL, LayerType.SLIDING);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"rope_theta\": 500.5",
                "\"rope_parameters\": {\"rope_theta\": 500.5, \"rope_type\": \"default\"}",
                "\"rope_theta\": 500.5, \"rope_parameters\": {\"rope_type\": \"default\"}",
                "\"rope_theta\": 500.5, \"rope_parameters\": {\"rope_theta\": 500.5}",
            })
    void readsRopeThetaFromBothPlaces(String text) throws IOException {
        assertThat(withText("gemma2", text).attention().ropeTheta()).isEqualTo(500.5);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"hidden_act\": \"gelu\"",
                "\"hidden_act\": \"gelu_pytorch_tanh\"",
                "\"hidden_act\": \"gelu\", \"hidden_activation\": null",
                "\"hidden_act\": \"gelu\", \"hidden_activation\": \"gelu_pytorch_tanh\"",
            })
    void takesLegacyGeluOfGemmaForTheTanhForm(String text) throws IOException {
        assertThat(withText("gemma", text).family()).isEqualTo(Family.GEMMA);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"eos_token_id\": 1 | \"eos_token_id\": [1, 107] | 1",
                "\"eos_token_id\": [5, 6] | \"eos_token_id\": 7 | 5,6",
                "\"x\": 0 | \"eos_token_id\": [1, 107] | 1,107",
                "\"eos_token_id\": null | \"eos_token_id\": 9 | 9",
            })
    void prefersTopLevelEos(String top, String text, String expected) throws IOException {
        assertThat(read(minimal("gemma2", top, "", text)).eosTokenIds())
                .extracting(Object::toString)
                .containsExactly(expected.split(","));
    }

    @ParameterizedTest
    @CsvSource({"true, false, true", "false, true, false", ", false, false", ", true, true", ", , true"})
    void prefersTopLevelTying(String top, String text, boolean expected) throws IOException {
        PaliGemmaConfig config = read(minimal(
                "gemma2",
                top == null ? "" : "\"tie_word_embeddings\": " + top,
                "",
                text == null ? "" : "\"tie_word_embeddings\": " + text));
        assertThat(config.text().tieWordEmbeddings()).isEqualTo(expected);
    }

    @Test
    void readsBothNamesOfTheImageToken() throws IOException {
        assertThat(withTop("\"image_token_index\": 7").imageTokenId()).isEqualTo(7);
        assertThat(withTop("\"image_token_id\": 7").imageTokenId()).isEqualTo(7);
        assertThat(withTop("\"image_token_id\": 7, \"image_token_index\": 7").imageTokenId())
                .isEqualTo(7);
    }

    @Test
    void ignoresLeftOverFields() throws IOException {
        assertThat(withTop("\"hidden_size\": 2048, \"vocab_size\": 3, \"projection_dim\": 5, \"num_hidden_layers\": 1"))
                .isEqualTo(withTop(""));
        assertThat(withVision(
                        "\"projector_hidden_act\": \"gelu_fast\", \"vision_use_head\": true, \"num_positions\": 9"))
                .isEqualTo(withTop(""));
    }

    @Test
    void readsSizesWrittenAsPairs() throws IOException {
        assertThat(withVision("\"image_size\": [448, 448], \"patch_size\": [14, 14]")
                        .vision()
                        .patches())
                .isEqualTo(1024);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true, \"llm_int8_skip_modules\": [\"lm_head\"]}",
                "{\"load_in_8bit\": true}",
                "{\"load_in_4bit\": true}",
                "null"
            })
    void acceptsWhatBitsandbytesQuantised(String quantisation) throws IOException {
        assertThat(withTop("\"quantization_config\": " + quantisation)
                        .text()
                        .sizes()
                        .hiddenSize())
                .isPositive();
    }

    // Page encoders

    @Test
    void readsPageEncodersAsBothOfTheirWritersDescribeThem(@TempDir Path folder) throws IOException {
        String plain = Files.readString(Resources.golden("configs/paligemma2-3b-448.json"));
        PaliGemmaConfig inner = PaliGemmaConfig.read(Resources.golden("configs/paligemma2-3b-448.json"));
        Path file = folder.resolve("config.json");
        Files.writeString(file, plain.replace("PaliGemmaForConditionalGeneration", "ColPali"));
        PaliGemmaConfig engine = PaliGemmaConfig.read(file);
        assertThat(engine.pageRows()).isEqualTo(new PageRows(128, PageRows.Form.COLPALI_ENGINE));
        Files.writeString(
                file,
                "{\"architectures\": [\"ColPaliForRetrieval\"], \"model_type\": \"colpali\", \"embedding_dim\": 96,"
                        + " \"vlm_config\": " + plain + "}");
        PaliGemmaConfig transformers = PaliGemmaConfig.read(file);
        assertThat(transformers.pageRows()).isEqualTo(new PageRows(96, PageRows.Form.TRANSFORMERS));
        for (PaliGemmaConfig read : List.of(engine, transformers)) {
            assertThat(read.text()).isEqualTo(inner.text());
            assertThat(read.vision()).isEqualTo(inner.vision());
            assertThat(PaliGemmaConfig.read(Files.writeString(file, read.toJson())))
                    .isEqualTo(read);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"model_type\": \"colpali\"} | vlm_config",
                "{\"model_type\": \"colpali\", \"vlm_config\": 3} | vlm_config",
                "{\"model_type\": \"colpali\", \"vlm_config\": {\"model_type\": \"qwen2_vl\"}} | qwen2_vl",
                "{\"model_type\": \"colpali\", \"embedding_dim\": 0, \"vlm_config\": {}} | embedding_dim",
                "{\"model_type\": \"colpali\", \"embedding_dim\": 1e99, \"vlm_config\": {}} | embedding_dim",
            })
    void refusesDamagedPageEncoders(String json, String named, @TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("config.json"), json);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> PaliGemmaConfig.read(file))
                .withMessageContaining(named);
    }

    // What is refused

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"architectures\": [\"ColQwen2\"] | \"ColQwen2\" is not supported, expected \"PaliGemmaForConditionalGeneration\"",
                "\"quantization_config\": {\"quant_method\": \"gptq\"} | quant_method \"gptq\" are not supported, expected \"bitsandbytes\"",
                "\"quantization_config\": {\"quant_method\": \"awq\", \"load_in_4bit\": true} | quant_method \"awq\"",
                "\"quantization_config\": {\"quant_method\": 8} | quant_method 8",
                "\"quantization_config\": {\"load_in_8bit\": false} | quant_method null",
                "\"quantization_config\": {\"load_in_8bit\": 1} | must be true or false, got 1",
                "\"image_token_index\": 1, \"image_token_id\": 2 | image_token_index 1 and image_token_id 2",
                "\"image_token_index\": -1 | image_token_index must be an integer from 0",
                "\"image_token_index\": 99999999999999999999 | got 99999999999999999999",
                "\"eos_token_id\": [] | eos_token_id must be an integer or a list of 1 to 64",
                "\"eos_token_id\": [1, null] | eos_token_id must be an integer",
                "\"eos_token_id\": \"1\" | got \"1\"",
                "\"bos_token_id\": 1.0 | got 1.0",
                "\"tie_word_embeddings\": 1 | must be true or false, got 1",
                "\"pad_token_id\": 0, \"pad_token_id\": 1 | Duplicate",
            })
    void rejectsAtTheTopLevel(String top, String message) {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> withTop(top))
                .withMessageContaining("config.json")
                .withMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"hidden_act\": \"gelu\" | hidden_act \"gelu\" is not supported, expected \"gelu_pytorch_tanh\"",
                "\"num_channels\": 1 | num_channels 1 is not supported, expected 3",
                "\"num_attention_heads\": 7 | hidden_size must be a multiple of num_attention_heads, got 768 and 7",
                "\"patch_size\": 15 | image_size must be a multiple of patch_size, got 224 and 15",
                "\"patch_size\": 0 | patch_size must be an integer from 1 to 8192, got 0",
                "\"image_size\": [224, 448] | two equal integers, got [224, 448]",
                "\"image_size\": [1, 2, 3] | two equal integers, got a list of 3",
                "\"image_size\": 1000000 | from 1 to 8192, got 1000000",
                "\"hidden_size\": -768 | hidden_size must be an integer from 1 to 65536, got -768",
                "\"num_hidden_layers\": 2000000000 | from 1 to 1024",
                "\"layer_norm_eps\": 0 | layer_norm_eps must be a number from",
                "\"layer_norm_eps\": 1e999 | layer_norm_eps must be a number from",
            })
    void rejectsInVisionConfig(String vision, String message) {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> withVision(vision))
                .withMessageContaining("config.json: vision_config: ")
                .withMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"num_attention_heads\": 6 | Duplicate",
                "\"attention_bias\": true | attention_bias true is not supported, expected false",
                "\"use_bidirectional_attention\": false | use_bidirectional_attention false is not supported",
                "\"hidden_activation\": \"gelu\" | hidden_activation \"gelu\" is not supported",
                "\"hidden_act\": \"silu\" | hidden_act \"silu\" is not supported",
                "\"head_dim\": 255 | head_dim must be even for rotary positions, got 255",
                "\"rope_theta\": 1000, \"rope_parameters\": {\"rope_theta\": 500} | rope_theta is 1000.0, but 500.0",
                "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2} | type \"linear\" is not supported",
                "\"rope_parameters\": {\"rope_type\": \"yarn\"} | rope_type \"yarn\" is not supported",
                "\"rope_parameters\": {\"partial_rotary_factor\": 0.5} | partial_rotary_factor 0.5",
                "\"rope_parameters\": {\"full_attention\": {}} | by kind of layer",
                "\"rope_parameters\": 7 | rope_parameters must be an object, got 7",
                "\"layer_types\": [\"full_attention\"] | layer_types must have one entry for each of num_hidden_layers 26, got 1",
                "\"layer_types\": [\"chunked_attention\"] | got \"chunked_attention\"",
                "\"num_hidden_layers\": 1, \"sliding_window\": null, \"layer_types\": [\"sliding_attention\"] | layer_types has \"sliding_attention\", but sliding_window is null",
                "\"attn_logit_softcapping\": 0 | attn_logit_softcapping must be a number",
                "\"query_pre_attn_scalar\": -1 | query_pre_attn_scalar must be a number",
                "\"rms_norm_eps\": \"1e-6\" | rms_norm_eps must be a number",
                "\"vocab_size\": 100000000 | vocab_size must be an integer",
            })
    void rejectsInTextConfig(String text, String message) {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> withText("gemma2", text))
                .withMessageContaining("config.json")
                .withMessageContaining(message);
    }

    @Test
    void rejectsHeadsThatDoNotShareEvenly() {
        String json = minimal("gemma2", "", "", "").replace("\"num_key_value_heads\": 4", "\"num_key_value_heads\": 3");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> read(json))
                .withMessageContaining(
                        "text_config: num_attention_heads must be a multiple of num_key_value_heads, got 8 and 3");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"model_type\": \"llava\"} | model_type \"llava\" is not supported, expected \"paligemma\"",
                "{} | model_type null is not supported",
                "{\"model_type\": \"paligemma\"} | text_config is missing",
                "{\"model_type\": \"paligemma\", \"text_config\": {}} | vision_config is missing",
                "{\"model_type\": \"paligemma\", \"text_config\": [], \"vision_config\": {}} | text_config must be an object",
                "[] | does not hold a JSON object",
                "{} {} | text after",
                "'' | does not hold a JSON object",
                "{\"model_type\": | not valid JSON",
            })
    void rejectsOtherFiles(String json, String message) {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> read(json))
                .withMessageContaining(message);
    }

    @Test
    void namesSupportedLanguageModels() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> withText("gemma3_text", ""))
                .withMessageContaining("model_type \"gemma3_text\" is not supported, expected gemma or gemma2");
    }

    @Test
    void rejectsDeepNestingAndHugeFiles() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> read("{\"a\":" + "[".repeat(100_000)))
                // Releases of Jackson have other words for the same.
                .withMessageMatching(
                        "(?s).*config.json goes beyond a limit on JSON.*epth \\(65\\) exceeds .*\\(64\\)\"");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> read(" ".repeat(1 << 20) + "{}"))
                .withMessageContaining("expected at most 1048576");
    }

    @Test
    void recordsRejectBadNumbers() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new VisionConfig(0, 1, 1, 1, 1, 1, 1e-6f))
                .withMessage("hiddenSize must be from 1 to 65536, got 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new VisionConfig(4, 1, 1, 1, 1, 1, Float.NaN))
                .withMessageContaining("layerNormEps");
        PaliGemmaConfig good = PaliGemmaConfig.read(Resources.golden("configs/paligemma-3b-224.json"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PaliGemmaConfig(good.vision(), good.text(), -1, 2, List.of(1), 0))
                .withMessageContaining("imageTokenId");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PaliGemmaConfig(good.vision(), good.text(), null, 2, List.of(), 0))
                .withMessageContaining("eosTokenIds");
    }

    @Test
    void endTokensOfGenerationConfigAreRead(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("generation_config.json");
        assertThat(ConfigReader.generationEosTokenIds(file)).isNull();
        Files.writeString(file, "{\"bos_token_id\": 2}");
        assertThat(ConfigReader.generationEosTokenIds(file)).isNull();
        Files.writeString(file, "{\"eos_token_id\": [1, 107]}");
        assertThat(ConfigReader.generationEosTokenIds(file)).containsExactly(1, 107);
        Files.writeString(file, "{\"eos_token_id\": \"end\"}");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> ConfigReader.generationEosTokenIds(file))
                .withMessageContaining("generation_config.json")
                .withMessageContaining("eos_token_id");
    }
}
