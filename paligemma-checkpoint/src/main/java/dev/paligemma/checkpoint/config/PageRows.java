package dev.paligemma.checkpoint.config;

import dev.paligemma.checkpoint.internal.Limits;
import java.util.Objects;

/**
 * What makes a PaliGemma a page encoder: instead of logits it gives a short row for every image patch and token. Immutable.
 *
 * @param width how many numbers a row has, 128 in all published models
 * @param form who wrote the files
 */
public record PageRows(int width, Form form) {
    /** The width of all published page encoders: {@value}. */
    public static final int WIDTH = 128;

    /** Who wrote the files of a page encoder, and so how its texts are laid out unless somebody says otherwise. */
    public enum Form {
        /** transformers, {@code ColPaliForRetrieval}: {@code model_type} is {@code colpali}. */
        TRANSFORMERS,
        /** colpali_engine, {@code ColPali}: a PaliGemma with one matrix more. */
        COLPALI_ENGINE
    }

    /** Throws an {@link IllegalArgumentException} if the width is below 1 or absurd. */
    public PageRows {
        Objects.requireNonNull(form, "form");
        Limits.check("width", width, 1, Limits.MAX_HIDDEN);
    }
}
