package dev.paligemma.checkpoint.internal;

/**
 * Maps the tensor names that successive versions of the transformers library wrote to one set of names.
 *
 * <p>Versions differ in a leading {@code model.}, in {@code vision_model.} after {@code vision_tower.}, in
 * {@code model.} after {@code language_model.}, and in the place of {@code lm_head}. The names without all of these are
 * called canonical here.
 */
public final class TensorNames {
    /** The table of token embeddings, whose rows are the vocabulary. */
    public static final String EMBEDDING = "language_model.embed_tokens.weight";

    private static final String MODEL = "model.";
    private static final String VISION = "vision_tower.";
    private static final String VISION_MODEL = "vision_model.";
    private static final String LANGUAGE = "language_model.";
    private static final String HEAD = "lm_head.";

    private TensorNames() {}

    /** The name without what differs between versions; the name itself if nothing is known about it. */
    public static String canonical(String name) {
        String rest = without(name, MODEL);
        if (rest.startsWith(VISION)) {
            return VISION + without(rest.substring(VISION.length()), VISION_MODEL);
        }
        if (rest.startsWith(LANGUAGE)) {
            String inner = rest.substring(LANGUAGE.length());
            return inner.startsWith(HEAD) ? inner : LANGUAGE + without(inner, MODEL);
        }
        return rest;
    }

    /** Whether a tensor is a buffer that older versions saved, or of the pooling head: the model uses none of these. */
    public static boolean isIgnored(String canonicalName) {
        return canonicalName.endsWith(".position_ids")
                || canonicalName.endsWith(".rotary_emb.inv_freq")
                || canonicalName.endsWith(".embed_scale")
                || canonicalName.startsWith(VISION + "head.");
    }

    private static String without(String name, String prefix) {
        return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
    }
}
