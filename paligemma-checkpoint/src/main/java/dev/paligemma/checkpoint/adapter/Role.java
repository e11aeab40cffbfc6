package dev.paligemma.checkpoint.adapter;

import dev.paligemma.checkpoint.internal.modules.ModuleKind;

/** What a tensor of an adapter is for its module. */
enum Role {
    /** {@code lora_A}: {@code [R, in]}, of a convolution {@code [R, 3, patch, patch]}. */
    DOWN,
    /** {@code lora_B}: {@code [out, R]}, of a convolution {@code [out, R, 1, 1]}. */
    UP,
    /** The bias of {@code lora_B}: {@code [out]}. */
    UP_BIAS,
    /** {@code lora_embedding_A}: {@code [R, rows]}. */
    TABLE_DOWN,
    /** {@code lora_embedding_B}: {@code [width, R]}. */
    TABLE_UP,
    /** {@code lora_magnitude_vector} of DoRA: one number per output. */
    MAGNITUDE,
    /** A weight that takes the place of the base's. */
    WEIGHT,
    /** A bias that takes the place of the base's. */
    BIAS,
    /** A copy of the base's weight, which changes nothing. */
    BASE_COPY,
    /** {@code trainable_tokens_delta}: rows that take the place of some of the table's. */
    TOKENS;

    boolean fits(ModuleKind kind) {
        return switch (this) {
            case DOWN, UP, UP_BIAS -> kind.isLinear();
            case TABLE_DOWN, TABLE_UP -> kind.isTable();
            case MAGNITUDE, BASE_COPY -> kind.isLinear() || kind.isTable();
            case WEIGHT -> true;
            case BIAS -> kind == ModuleKind.LAYER_NORM || kind.isLinear();
            case TOKENS -> kind == ModuleKind.TOKEN_TABLE || kind == ModuleKind.HEAD;
        };
    }
}
