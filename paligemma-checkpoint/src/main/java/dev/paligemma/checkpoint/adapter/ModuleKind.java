package dev.paligemma.checkpoint.adapter;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a module of the network is, which follows from its canonical name. */
enum ModuleKind {
    /** A linear map, {@code W[out, in]}. */
    LINEAR("vision_tower\\.encoder\\.layers\\.N\\.(self_attn\\.(q|k|v|out)_proj|mlp\\.fc[12])"
            + "|multi_modal_projector\\.linear"
            + "|language_model\\.layers\\.N\\.(self_attn\\.[qkvo]_proj|mlp\\.(gate|up|down)_proj)"),
    /** The output head, a linear map that may share its weights with the token embedding. */
    HEAD("lm_head"),
    /** The convolution over patches, {@code W[out, 3, patch, patch]}. */
    CONVOLUTION("vision_tower\\.embeddings\\.patch_embedding"),
    /** The token embedding, {@code E[V, D]}. */
    TOKEN_TABLE("language_model\\.embed_tokens"),
    /** The position embedding of the image encoder, {@code P[N, D]}. */
    POSITION_TABLE("vision_tower\\.embeddings\\.position_embedding"),
    /** A norm {@code (1 + w) * x / rms(x)}. */
    RMS_NORM("language_model\\.(layers\\.N\\.(input|post_attention|pre_feedforward|post_feedforward)_layernorm|norm)"),
    /** A norm {@code g * (x - mean) / deviation + b}. */
    LAYER_NORM("vision_tower\\.(encoder\\.layers\\.N\\.layer_norm[12]|post_layernorm)");

    static final String HEAD_NAME = "lm_head";
    static final String TABLE_NAME = "language_model.embed_tokens";

    private final Pattern names;

    ModuleKind(String names) {
        this.names = Pattern.compile(names.replace("N", "[0-9]{1,4}"));
    }

    /** The kind of a module, or null if no network of this family has one of that name. */
    static @Nullable ModuleKind of(String canonicalName) {
        for (ModuleKind kind : values()) {
            if (kind.names.matcher(canonicalName).matches()) {
                return kind;
            }
        }
        return null;
    }

    boolean isLinear() {
        return this == LINEAR || this == HEAD || this == CONVOLUTION;
    }

    boolean isTable() {
        return this == TOKEN_TABLE || this == POSITION_TABLE;
    }

    boolean isNorm() {
        return this == RMS_NORM || this == LAYER_NORM;
    }
}
