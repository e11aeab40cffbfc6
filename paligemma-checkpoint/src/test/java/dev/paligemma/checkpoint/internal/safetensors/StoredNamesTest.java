package dev.paligemma.checkpoint.internal.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.paligemma.checkpoint.config.CheckpointException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoredNamesTest {
    private static final Path FOLDER = Path.of("model");
    private static final String QUERY = "model.language_model.layers.0.self_attn.q_proj.";

    private static StoredNames of(String... names) {
        return StoredNames.of(FOLDER, List.of(names));
    }

    @Test
    void publishedModelsHaveNoPrefix() {
        assertThat(of("model.vision_tower.x", "lm_head.weight").prefix()).isEmpty();
        assertThat(of("language_model.model.x", "vision_tower.x").prefix()).isEmpty();
        assertThat(of().prefix()).isEmpty();
        assertThat(of("anything", "lm_head.weight").prefix()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "vlm., vlm.model.language_model.norm.weight, model.language_model.norm.weight",
        "vlm., vlm.lm_head.weight, lm_head.weight",
        "policy.vlm., _orig_mod.policy.vlm.language_model.model.norm.weight, language_model.model.norm.weight",
        "net., model.net.model.language_model.norm.weight, model.language_model.norm.weight",
    })
    void takesOffThePrefixOfATrainersOwnModel(String prefix, String name, String plain) {
        StoredNames names = of(name, prefix + "model.vision_tower.vision_model.x", prefix + "lm_head.weight");
        assertThat(names.prefix()).isEqualTo(prefix);
        assertThat(names.plain(name)).isEqualTo(plain);
    }

    @Test
    void partsOfOthersBesideAModelAreLeftAlone() {
        StoredNames names = of("model.language_model.norm.weight", "ema.language_model.norm.weight");
        assertThat(names.prefix()).isEmpty();
        assertThat(names.canonical("ema.language_model.norm.weight")).isEqualTo("ema.language_model.norm.weight");
    }

    @Test
    void refusesTwoModels() {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> of("teacher.language_model.norm.weight", "student.language_model.norm.weight"))
                .withMessageContaining("the weights of 2 models")
                .withMessageContaining("student.")
                .withMessageContaining("teacher.");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                QUERY + "lora_A.default.weight",
                QUERY + "lora_magnitude_vector.default.weight",
                QUERY + "hada_w1_a.default",
                QUERY + "base_layer.lora_B.weight",
                "base_model.model.lm_head.modules_to_save.default.weight",
                "base_model.model.lm_head.original_module.weight",
            })
    void refusesAModelWithAnAdapterInIt(String part) {
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> of(QUERY + "base_layer.weight", part))
                .withMessageContaining("adapter of PEFT that is not merged")
                .withMessageContaining(part)
                .withMessageContaining("merge_and_unload()");
    }

    @Test
    void whatPeftLeavesBehindIsNoAdapter() {
        String name = "base_model.model." + QUERY + "base_layer.weight";
        assertThat(of(name, "base_model.model.lm_head.weight").plain(name)).isEqualTo(QUERY + "weight");
    }
}
