package dev.paligemma.checkpoint.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TensorNamesTest {
    @ParameterizedTest
    @CsvSource({
        "vision_tower.vision_model.post_layernorm.bias, vision_tower.post_layernorm.bias",
        "model.vision_tower.vision_model.post_layernorm.bias, vision_tower.post_layernorm.bias",
        "model.vision_tower.post_layernorm.bias, vision_tower.post_layernorm.bias",
        "vision_tower.post_layernorm.bias, vision_tower.post_layernorm.bias",
        "multi_modal_projector.linear.weight, multi_modal_projector.linear.weight",
        "model.multi_modal_projector.linear.weight, multi_modal_projector.linear.weight",
        "language_model.model.layers.3.mlp.up_proj.weight, language_model.layers.3.mlp.up_proj.weight",
        "model.language_model.layers.3.mlp.up_proj.weight, language_model.layers.3.mlp.up_proj.weight",
        "language_model.layers.3.mlp.up_proj.weight, language_model.layers.3.mlp.up_proj.weight",
        "model.language_model.model.norm.weight, language_model.norm.weight",
        "language_model.lm_head.weight, lm_head.weight",
        "model.language_model.lm_head.weight, lm_head.weight",
        "lm_head.weight, lm_head.weight",
        "custom_text_proj.weight, custom_text_proj.weight",
        "model.model.x, model.x",
        "language_modelling.model.x, language_modelling.model.x",
        "'', ''",
        "_orig_mod.model.language_model.norm.weight, language_model.norm.weight",
        "model.language_model._orig_mod.layers.0.mlp.up_proj.weight, language_model.layers.0.mlp.up_proj.weight",
        "base_model.model.model.language_model.norm.weight, language_model.norm.weight",
        "base_model.model.language_model.model.norm.weight, language_model.norm.weight",
        "module.base_model.model._orig_mod.lm_head.weight, lm_head.weight",
        "_fsdp_wrapped_module.language_model._fsdp_wrapped_module.model.norm.weight, language_model.norm.weight",
        "_forward_module.model.model.vision_tower.vision_model.post_layernorm.bias, vision_tower.post_layernorm.bias",
        "model.model.language_model.lm_head.weight, lm_head.weight",
        "module, module",
    })
    void mapsEveryGenerationToOneName(String name, String canonical) {
        assertThat(TensorNames.canonical(name)).isEqualTo(canonical);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "vision_tower.embeddings.position_ids",
                "language_model.layers.0.self_attn.rotary_emb.inv_freq",
                "language_model.embed_tokens.embed_scale",
                "vision_tower.head.attention.in_proj_weight",
            })
    void ignoresBuffers(String name) {
        assertThat(TensorNames.isIgnored(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"vision_tower.embeddings.position_embedding.weight", "lm_head.weight", "position_ids"})
    void ignoresNothingElse(String name) {
        assertThat(TensorNames.isIgnored(name)).isFalse();
    }
}
