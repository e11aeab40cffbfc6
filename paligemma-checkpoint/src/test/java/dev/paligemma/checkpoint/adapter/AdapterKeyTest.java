package dev.paligemma.checkpoint.adapter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.checkpoint.internal.modules.ModuleKind;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdapterKeyTest {
    private static final Map<String, ModuleKind> KINDS = Map.of(
            "vision_tower.embeddings.position_embedding", ModuleKind.POSITION_TABLE,
            "vision_tower.encoder.layers.N.mlp.fc1", ModuleKind.LINEAR,
            "vision_tower.post_layernorm", ModuleKind.LAYER_NORM,
            "multi_modal_projector.linear", ModuleKind.LINEAR,
            "language_model.embed_tokens", ModuleKind.TOKEN_TABLE,
            "language_model.layers.N.self_attn.q_proj", ModuleKind.LINEAR,
            "language_model.norm", ModuleKind.RMS_NORM,
            "lm_head", ModuleKind.HEAD);
    private static final String QUERY = "language_model.layers.3.self_attn.q_proj";

    @ParameterizedTest
    @CsvSource({
        "base_model.model.language_model.model.layers.3.self_attn.q_proj.lora_A.weight, " + QUERY + ", DOWN",
        "base_model.model.model.language_model.layers.3.self_attn.q_proj.lora_A.weight, " + QUERY + ", DOWN",
        "base_model.model.model.language_model.layers.3.self_attn.q_proj.lora_B.default.weight, " + QUERY + ", UP",
        "language_model.layers.3.self_attn.q_proj.lora_B.bias, " + QUERY + ", UP_BIAS",
        "language_model.layers.33333.self_attn.q_proj.lora_A.weight, language_model.layers.33333.self_attn.q_proj, DOWN",
        "base_model.model._orig_mod.model.language_model._fsdp_wrapped_module.layers.3.self_attn.q_proj.lora_B.x.bias, "
                + QUERY + ", UP_BIAS",
        "model.language_model.layers.3.self_attn.q_proj.lora_magnitude_vector, " + QUERY + ", MAGNITUDE",
        "model.language_model.layers.3.self_attn.q_proj.lora_magnitude_vector.weight, " + QUERY + ", MAGNITUDE",
        "model.language_model.layers.3.self_attn.q_proj.lora_magnitude_vector.x.weight, " + QUERY + ", MAGNITUDE",
        "model.language_model.layers.3.self_attn.q_proj.weight, " + QUERY + ", WEIGHT",
        "model.vision_tower.vision_model.encoder.layers.1.mlp.fc1.base_layer.bias, vision_tower.encoder.layers.1.mlp.fc1,"
                + " BIAS",
        "model.vision_tower.vision_model.post_layernorm.bias, vision_tower.post_layernorm, BIAS",
        "base_model.model.model.multi_modal_projector.modules_to_save.default.linear.weight,"
                + " multi_modal_projector.linear, WEIGHT",
        "base_model.model.multi_modal_projector.modules_to_save.linear.bias, multi_modal_projector.linear, BIAS",
        "base_model.model.multi_modal_projector.linear.modules_to_save.x.weight, multi_modal_projector.linear, WEIGHT",
        "base_model.model.language_model.lm_head.lora_A.weight, lm_head, DOWN",
        "base_model.model.lm_head.modules_to_save.weight, lm_head, WEIGHT",
        "base_model.model.model.language_model.embed_tokens.lora_embedding_A, language_model.embed_tokens, TABLE_DOWN",
        "model.language_model.embed_tokens.lora_embedding_B.default, language_model.embed_tokens, TABLE_UP",
        "model.language_model.embed_tokens.base_layer.weight, language_model.embed_tokens, BASE_COPY",
        "model.language_model.embed_tokens.token_adapter.trainable_tokens_delta, language_model.embed_tokens, TOKENS",
        "model.language_model.embed_tokens.token_adapter.base_layer.weight, language_model.embed_tokens, BASE_COPY"
    })
    void understands(String name, String module, Role role) {
        AdapterKey key = AdapterKey.parse(name, KINDS);
        assertThat(key).isNotNull();
        assertThat(key.module()).isEqualTo(module);
        assertThat(key.role()).isEqualTo(role);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "lora_A.weight",
                "base_model.model.",
                "base_model.model.lora_A.weight",
                "model.language_model.layers.3.self_attn.q_proj.lora_A",
                "model.language_model.layers.3.self_attn.q_proj.lora_A.bias",
                "model.language_model.layers.3.self_attn.q_proj.lora_A.x.y.weight",
                "model.language_model.layers.3.self_attn.q_proj.lora_embedding_A",
                "model.language_model.layers.3.self_attn.q_proj.lora_diag",
                "model.language_model.layers.3.self_attn.qkv_proj.lora_A.weight",
                "model.language_model.norm.bias",
                "model.language_model.norm.lora_A.weight",
                "model.language_model.embed_tokens.lora_A.weight",
                "model.language_model.embed_tokens.modules_to_save",
                "model.language_model.embed_tokens.token_adapter.trainable_tokens_original",
                "model.vision_tower.embeddings.position_embedding.token_adapter.trainable_tokens_delta",
                "model.action_expert.layers.3.self_attn.q_proj.lora_A.weight",
                "prompt_embeddings"
            })
    void doesNotUnderstand(String name) {
        assertThat(AdapterKey.parse(name, KINDS)).isNull();
        assertThat(AdapterKey.isIgnored(name)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "base_model.model.vision_tower.vision_model.embeddings.position_ids",
                "base_model.model.model.vision_tower.vision_model.head.probe"
            })
    void leavesOutBuffers(String name) {
        assertThat(AdapterKey.isIgnored(name)).isTrue();
    }
}
