package dev.paligemma.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.paligemma.catalog.KnownModel.Kind;
import dev.paligemma.catalog.KnownModel.Revision;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.hub.HubModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Parameter counts are those of the published checkpoints. */
class KnownModelsTest {
    @TempDir
    private Path folder;

    private static KnownModel find(String name) {
        return KnownModels.find(name).orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        "paligemma-3b-pt-224,  2_923_466_480", "paligemma-3b-mix-448,  2_924_351_216",
        "paligemma-3b-ft-docvqa-896,  2_927_890_160", "paligemma2-3b-mix-224,  3_032_242_416",
        "paligemma2-3b-ft-docci-448,  3_033_127_152", "paligemma2-3b-pt-896,  3_036_666_096",
        "paligemma2-10b-pt-224, 9_662_638_832", "paligemma2-10b-mix-448, 9_663_523_568",
        "paligemma2-10b-pt-896, 9_667_062_512", "paligemma2-28b-mix-224, 27_650_487_024",
        "paligemma2-28b-mix-448, 27_651_371_760", "paligemma2-28b-pt-896, 27_654_910_704"
    })
    void haveAsManyParametersAsThePublishedFiles(String name, String parameters) {
        KnownModel model = find("google/" + name);

        assertThat(model.parameterCount()).isEqualTo(Long.parseLong(parameters.replace("_", "")));
        assertThat(model.memory(Precision.FLOAT32).weightBytes()).isEqualTo(4 * model.parameterCount());
    }

    @Test
    void namesAreThoseOfTheHubAndLeadBackToTheModels() {
        assertThat(KnownModels.all())
                .doesNotHaveDuplicates()
                .extracting(KnownModel::hubName)
                .doesNotHaveDuplicates()
                .allMatch(HubModel::isName)
                .allMatch(name -> name.startsWith("google/paligemma"));
        assertThat(KnownModels.all()).allSatisfy(model -> {
            assertThat(find(model.hubName())).isEqualTo(model);
            assertThat(model.modelPage()).isEqualTo("https://huggingface.co/" + model.hubName());
            assertThat(model).hasToString(model.hubName());
        });
    }

    @Test
    void everyPretrainedAndMixedModelIsListed() {
        assertThat(KnownModels.all().stream()
                        .filter(model -> model.size() == ModelSize.PALIGEMMA2_28B)
                        .map(KnownModel::hubName))
                .containsExactlyInAnyOrder(
                        "google/paligemma2-28b-pt-224",
                        "google/paligemma2-28b-pt-448",
                        "google/paligemma2-28b-pt-896",
                        "google/paligemma2-28b-mix-224",
                        "google/paligemma2-28b-mix-448");
        assertThat(KnownModels.all().stream().filter(model -> model.kind() == Kind.PRETRAINED))
                .hasSize(4 * 3);
        assertThat(KnownModels.all().stream().filter(model -> model.kind() == Kind.MIX))
                .hasSize(4 * 2);
        assertThat(KnownModels.all())
                .extracting(KnownModel::hubName)
                .contains(
                        "google/paligemma-3b-ft-vqav2-448",
                        "google/paligemma-3b-ft-cococap-448",
                        "google/paligemma-3b-ft-science-qa-448",
                        "google/paligemma-3b-ft-refcoco-seg-896",
                        "google/paligemma-3b-ft-rsvqa-hr-224",
                        "google/paligemma2-10b-ft-docci-448");
    }

    @Test
    void aFineTunedModelThatIsNotListedIsKnownByItsName() {
        KnownModel model = find("google/paligemma-3b-ft-some-new-task-448");

        assertThat(KnownModels.all()).doesNotContain(model);
        assertThat(model.task()).contains("some-new-task");
        assertThat(model.config()).isEqualTo(find("google/paligemma-3b-pt-448").config());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "paligemma-3b-pt-224",
                "other/paligemma-3b-pt-224",
                "google/paligemma-3b-pt-224-jax",
                "google/paligemma-3b-pt-225",
                "google/paligemma-3b-pt-docci-448",
                "google/paligemma-3b-ft-448",
                "google/paligemma-3b-ft--448",
                "google/paligemma-10b-pt-224",
                "google/paligemma2-9b-pt-224",
                "google/paligemma2-3b-mix-896",
                "google/paligemma2-3b-pt-224\n",
                "google/paligemma3-3b-pt-224"
            })
    void otherNamesAreNotKnown(String name) {
        assertThat(KnownModels.find(name)).isEmpty();
    }

    @Test
    void onlyTheFirstGenerationHasBranchesForTypes() {
        KnownModel first = find("google/paligemma-3b-pt-224");
        KnownModel second = find("google/paligemma2-3b-pt-224");

        assertThat(first.revisions())
                .containsExactly(
                        new Revision("main", DType.F32),
                        new Revision("bfloat16", DType.BF16),
                        new Revision("float16", DType.F16));
        assertThat(second.revisions()).containsExactly(new Revision("main", DType.BF16));
        assertThat(first.weightBytes(first.revisions().get(0))).isEqualTo(4 * 2_923_466_480L);
        assertThat(second.weightBytes(second.revisions().get(0))).isEqualTo(2 * 3_032_242_416L);
    }

    @Test
    void refusesModelsThatCannotBe() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KnownModel(ModelSize.PALIGEMMA_3B, Kind.MIX, Optional.empty(), 512))
                .withMessageContaining("[224, 448, 896], got 512");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KnownModel(ModelSize.PALIGEMMA_3B, Kind.MIX, Optional.of("docvqa"), 448));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KnownModel(ModelSize.PALIGEMMA_3B, Kind.FINE_TUNED, Optional.empty(), 448));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KnownModel(ModelSize.PALIGEMMA_3B, Kind.FINE_TUNED, Optional.of("../x"), 448));
        assertThatIllegalArgumentException().isThrownBy(() -> ModelSize.PALIGEMMA2_3B.config(0));
    }

    @Test
    void theConfigurationIsThatOfThePublishedFileOfPaliGemma() throws IOException {
        assertThat(ModelSize.PALIGEMMA_3B.config(224)).isEqualTo(read("""
                {"architectures": ["PaliGemmaForConditionalGeneration"], "model_type": "paligemma",
                 "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0, "hidden_size": 2048, "ignore_index": -100,
                 "image_token_index": 257152, "projection_dim": 2048, "vocab_size": 257216, "torch_dtype": "float32",
                 "text_config": {"hidden_size": 2048, "intermediate_size": 16384, "model_type": "gemma",
                  "num_attention_heads": 8, "num_hidden_layers": 18, "num_image_tokens": 256,
                  "num_key_value_heads": 1, "torch_dtype": "float32", "vocab_size": 257216},
                 "vision_config": {"hidden_size": 1152, "intermediate_size": 4304,
                  "model_type": "siglip_vision_model", "num_attention_heads": 16, "num_hidden_layers": 27,
                  "num_image_tokens": 256, "patch_size": 14, "projection_dim": 2048,
                  "projector_hidden_act": "gelu_fast", "vision_use_head": false}}"""));
    }

    @ParameterizedTest
    @CsvSource({
        "PALIGEMMA2_3B, 2304, 9216, 26, 8, 4, 256, 256",
        "PALIGEMMA2_10B, 3584, 14336, 42, 16, 8, 256, 256",
        "PALIGEMMA2_28B, 4608, 36864, 46, 32, 16, 128, 144"
    })
    void theConfigurationIsThatOfThePublishedFilesOfPaliGemma2(
            ModelSize size, int width, int mlp, int layers, int heads, int kvHeads, int headWidth, int queryScalar)
            throws IOException {
        assertThat(size.config(448))
                .isEqualTo(read(String.format("""
                {"model_type": "paligemma", "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0,
                 "image_token_index": 257152,
                 "text_config": {"model_type": "gemma2", "hidden_size": %d, "intermediate_size": %d,
                  "num_hidden_layers": %d, "num_attention_heads": %d, "num_key_value_heads": %d, "head_dim": %d,
                  "query_pre_attn_scalar": %d, "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0,
                  "sliding_window": 4096, "hidden_activation": "gelu_pytorch_tanh", "rms_norm_eps": 1e-06,
                  "rope_theta": 10000.0, "max_position_embeddings": 8192, "vocab_size": 257216},
                 "vision_config": {"hidden_size": 1152, "intermediate_size": 4304, "image_size": 448,
                  "model_type": "siglip_vision_model", "num_attention_heads": 16, "num_hidden_layers": 27,
                  "patch_size": 14}}""", width, mlp, layers, heads, kvHeads, headWidth, queryScalar)));
    }

    private PaliGemmaConfig read(String json) throws IOException {
        return PaliGemmaConfig.read(Files.writeString(folder.resolve("config.json"), json));
    }
}
