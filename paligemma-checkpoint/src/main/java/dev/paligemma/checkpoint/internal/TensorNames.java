package dev.paligemma.checkpoint.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Maps the tensor names that successive versions of the transformers library wrote to one set of names.
 *
 * <p>Versions differ in a leading {@code model.}, in {@code vision_model.} after {@code vision_tower.}, in
 * {@code model.} after {@code language_model.}, and in the place of {@code lm_head}. The names without all of these are
 * called canonical here. Compilers, sharded training and PEFT add segments of their own, which are dropped too.
 */
public final class TensorNames {
    /** The table of token embeddings, whose rows are the vocabulary. */
    public static final String EMBEDDING = "language_model.embed_tokens.weight";

    /** The matrix of the output head, where it is not the table of token embeddings. */
    public static final String HEAD_WEIGHT = "lm_head.weight";

    private static final String MODEL = "model.";
    private static final String VISION = "vision_tower.";
    private static final String VISION_MODEL = "vision_model.";
    private static final String PROJECTOR = "multi_modal_projector.";
    private static final String LANGUAGE = "language_model.";
    private static final String HEAD = "lm_head.";
    private static final String PEFT = "base_model.";

    /** The projection of page encoders, as colpali_engine calls it, and as transformers does. */
    private static final String PAGES = "custom_text_proj.";

    private static final String PAGES_OF_TRANSFORMERS = "embedding_proj_layer.";

    /** What torch.compile, DDP, FSDP, activation checkpoints and Lightning put around modules. No model has such names. */
    private static final Set<String> WRAPPERS =
            Set.of("_orig_mod", "module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module");

    private TensorNames() {}

    /** The name without what differs between versions; the name itself if nothing is known about it. */
    public static String canonical(String name) {
        String unwrapped = unwrapped(name);
        String rest = unwrapped;
        while (rest.startsWith(MODEL)) {
            rest = rest.substring(MODEL.length());
        }
        if (rest.startsWith(VISION)) {
            return VISION + without(rest.substring(VISION.length()), VISION_MODEL);
        }
        if (rest.startsWith(LANGUAGE)) {
            String inner = rest.substring(LANGUAGE.length());
            return inner.startsWith(HEAD) ? inner : LANGUAGE + without(inner, MODEL);
        }
        if (rest.startsWith(PAGES_OF_TRANSFORMERS)) {
            return PAGES + rest.substring(PAGES_OF_TRANSFORMERS.length());
        }
        boolean known = rest.startsWith(PROJECTOR) || rest.startsWith(HEAD) || rest.startsWith(PAGES);
        return known ? rest : without(unwrapped, MODEL);
    }

    /** The name without what wrappers of the model have added, as the version of transformers at hand wrote it. */
    public static String unwrapped(String name) {
        List<String> segments = new ArrayList<>(List.of(name.split("\\.", -1)));
        segments.removeIf(WRAPPERS::contains);
        String rest = String.join(".", segments);
        while (rest.startsWith(PEFT + MODEL)) {
            rest = rest.substring(PEFT.length() + MODEL.length());
        }
        return rest.isEmpty() ? name : rest;
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
