package dev.paligemma.checkpoint.config;

import dev.paligemma.base.internal.Json;
import dev.paligemma.checkpoint.config.TextConfig.Family;
import dev.paligemma.checkpoint.config.TextConfig.LayerType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes a {@link PaliGemmaConfig} as {@code config.json}. */
final class ConfigWriter {
    private ConfigWriter() {}

    static String write(PaliGemmaConfig config) {
        Map<String, Object> model = new LinkedHashMap<>();
        PageRows rows = config.pageRows();
        boolean engine = rows != null && rows.form() == PageRows.Form.COLPALI_ENGINE;
        model.put("architectures", List.of(engine ? "ColPali" : "PaliGemmaForConditionalGeneration"));
        model.put("model_type", "paligemma");
        model.put("bos_token_id", config.bosTokenId());
        model.put("eos_token_id", config.eosTokenIds());
        model.put("pad_token_id", config.padTokenId());
        if (config.imageTokenId() != null) {
            model.put("image_token_index", config.imageTokenId());
        }
        model.put("projection_dim", config.projectionDim());
        model.put("tie_word_embeddings", config.text().tieWordEmbeddings());
        model.put("text_config", text(config.text()));
        model.put("vision_config", vision(config.vision()));
        if (rows == null || engine) {
            return Json.text(model, true) + "\n";
        }
        Map<String, Object> pages = new LinkedHashMap<>();
        pages.put("architectures", List.of("ColPaliForRetrieval"));
        pages.put("model_type", "colpali");
        pages.put("embedding_dim", rows.width());
        pages.put("vlm_config", model);
        return Json.text(pages, true) + "\n";
    }

    private static Map<String, @Nullable Object> text(TextConfig config) {
        boolean gemma2 = config.family() == Family.GEMMA2;
        TextConfig.Attention attention = config.attention();
        Map<String, @Nullable Object> text = new LinkedHashMap<>();
        text.put("model_type", gemma2 ? "gemma2" : "gemma");
        text.put("vocab_size", config.sizes().vocabSize());
        text.put("hidden_size", config.sizes().hiddenSize());
        text.put("intermediate_size", config.sizes().intermediateSize());
        text.put("num_hidden_layers", config.sizes().layers());
        text.put("num_attention_heads", config.sizes().heads());
        text.put("num_key_value_heads", config.sizes().kvHeads());
        text.put("head_dim", config.sizes().headDim());
        text.put("hidden_activation", "gelu_pytorch_tanh");
        text.put("rms_norm_eps", config.rmsNormEps());
        text.put("rope_theta", attention.ropeTheta());
        text.put("max_position_embeddings", config.maxPositionEmbeddings());
        if (gemma2 || config.finalLogitSoftcap() != 0) {
            text.put("final_logit_softcapping", nullIfZero(config.finalLogitSoftcap()));
        }
        if (gemma2) {
            text.put("query_pre_attn_scalar", attention.queryScalar());
            text.put("attn_logit_softcapping", nullIfZero(attention.softcap()));
            text.put("sliding_window", attention.slidingWindow() == 0 ? null : attention.slidingWindow());
            text.put(
                    "layer_types",
                    attention.layerTypes().stream()
                            .map(type -> type == LayerType.SLIDING ? "sliding_attention" : "full_attention")
                            .toList());
        }
        return text;
    }

    /** Null means none, absent would mean the default. */
    private static @Nullable Double nullIfZero(double value) {
        return value == 0 ? null : value;
    }

    private static Map<String, Object> vision(VisionConfig config) {
        Map<String, Object> vision = new LinkedHashMap<>();
        vision.put("model_type", "siglip_vision_model");
        vision.put("hidden_size", config.hiddenSize());
        vision.put("intermediate_size", config.intermediateSize());
        vision.put("num_hidden_layers", config.layers());
        vision.put("num_attention_heads", config.heads());
        vision.put("image_size", config.imageSize());
        vision.put("patch_size", config.patchSize());
        vision.put("layer_norm_eps", config.layerNormEps());
        vision.put("vision_use_head", false);
        return vision;
    }
}
