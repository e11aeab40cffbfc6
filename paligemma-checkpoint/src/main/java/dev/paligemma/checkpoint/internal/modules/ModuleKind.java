package dev.paligemma.checkpoint.internal.modules;

/** What a module of the network is, which follows from the operation that uses its weight. */
public enum ModuleKind {
    /** A linear map, {@code W[out, in]}. */
    LINEAR,
    /** The output head, a linear map that may share its weights with the token embedding. */
    HEAD,
    /** The convolution over patches, {@code W[out, 3, patch, patch]}. */
    CONVOLUTION,
    /** The token embedding, {@code E[V, D]}. */
    TOKEN_TABLE,
    /** The position embedding of the image encoder, {@code P[N, D]}. */
    POSITION_TABLE,
    /** A norm {@code (1 + w) * x / rms(x)}. */
    RMS_NORM,
    /** A norm {@code g * (x - mean) / deviation + b}. */
    LAYER_NORM;

    public boolean isLinear() {
        return this == LINEAR || this == HEAD || this == CONVOLUTION;
    }

    public boolean isTable() {
        return this == TOKEN_TABLE || this == POSITION_TABLE;
    }

    public boolean isNorm() {
        return this == RMS_NORM || this == LAYER_NORM;
    }
}
