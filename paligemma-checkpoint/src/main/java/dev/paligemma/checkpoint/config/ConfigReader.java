package dev.paligemma.checkpoint.config;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.TextConfig.Family;
import dev.paligemma.checkpoint.config.TextConfig.LayerType;
import dev.paligemma.checkpoint.internal.Limits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns {@code config.json} into a {@link PaliGemmaConfig}. Published files omit whatever equals the default of the
 * configuration class in transformers, so those defaults are part of the format and repeated here.
 *
 * <p>Everything is checked here before the records check it again, so that messages name the keys of the file and not the
 * components of the records.
 */
record ConfigReader(JsonObject root) {
    private static final long MAX_FILE_BYTES = 1 << 20;

    private static final String MODEL_TYPE = "paligemma";
    private static final String ARCHITECTURE = "PaliGemmaForConditionalGeneration";
    private static final String PAGES_MODEL_TYPE = "colpali";
    private static final String PAGES_ARCHITECTURE = "ColPali";
    private static final String BITS_AND_BYTES = "bitsandbytes";
    private static final String VISION_MODEL_TYPE = "siglip_vision_model";

    /** Names under which transformers computes the tanh approximation of GELU. */
    private static final Set<String> TANH_GELU =
            Set.of("gelu_pytorch_tanh", "gelu_new", "gelu_fast", "gelu_accurate", "gelu_python_tanh");

    private static final int MAX_TOKEN_ID = Limits.MAX_VOCAB - 1;
    private static final int MAX_EOS_TOKENS = 64;
    private static final String EOS_TOKEN_ID = "eos_token_id";

    static PaliGemmaConfig read(Path file) {
        JsonObject json = Json.readObject(file, MAX_FILE_BYTES, CheckpointException::new);
        ConfigReader reader = new ConfigReader(json);
        reader.refuseOtherQuantisation();
        if (!PAGES_MODEL_TYPE.equals(json.members().get("model_type"))) {
            return reader.model(reader.checkedPageRows());
        }
        // ColPaliForRetrieval of transformers, whose PaliGemma is described inside.
        PageRows rows = new PageRows(
                json.integer("embedding_dim", PageRows.WIDTH, 1, Limits.MAX_HIDDEN), PageRows.Form.TRANSFORMERS);
        JsonObject inner = json.object("vlm_config");
        requireModelType(inner, MODEL_TYPE, List.of(MODEL_TYPE));
        return new ConfigReader(inner).model(rows);
    }

    private PaliGemmaConfig model(@Nullable PageRows pageRows) {
        JsonObject textJson = root.object("text_config");
        VisionConfig vision = vision(root.object("vision_config"));
        TextConfig text = text(textJson);
        try {
            return new PaliGemmaConfig(
                    vision,
                    text,
                    imageTokenId(),
                    tokenId("bos_token_id", textJson, PaliGemmaConfig.BOS),
                    eosTokenIds(textJson),
                    tokenId("pad_token_id", textJson, PaliGemmaConfig.PAD),
                    pageRows);
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(root.where() + ": " + e.getMessage(), e);
        }
    }

    /** Checks that it is a PaliGemma, or the one with a matrix more that colpali_engine saves; null for the first. */
    private @Nullable PageRows checkedPageRows() {
        List<@Nullable Object> architectures = root.listOrNull("architectures");
        boolean pages = architectures != null && architectures.contains(PAGES_ARCHITECTURE);
        boolean known = pages || (architectures != null && architectures.contains(ARCHITECTURE));
        if (architectures != null && !architectures.isEmpty() && !known) {
            throw new CheckpointException(root.where() + ": architecture "
                    + JsonObject.describe(architectures.get(0)) + " is not supported, expected "
                    + Quote.quote(ARCHITECTURE));
        }
        boolean unnamed = !root.has("model_type") && known;
        if (!unnamed && !MODEL_TYPE.equals(root.stringOrNull("model_type"))) {
            throw unsupported(root, "model_type", Quote.quote(MODEL_TYPE));
        }
        return pages ? new PageRows(PageRows.WIDTH, PageRows.Form.COLPALI_ENGINE) : null;
    }

    /** The tensors themselves tell what bitsandbytes did to them; of other methods they would look like damage. */
    private void refuseOtherQuantisation() {
        JsonObject quantisation = root.objectOrNull("quantization_config");
        if (quantisation == null) {
            return;
        }
        Object method = quantisation.members().get("quant_method");
        // The first releases that could save such a model did not write the name of the method.
        boolean unnamed = method == null
                && (quantisation.bool("load_in_8bit", false) || quantisation.bool("load_in_4bit", false));
        if (!unnamed && !BITS_AND_BYTES.equals(method)) {
            throw new CheckpointException(root.where() + ": weights quantised by quant_method "
                    + JsonObject.describe(method) + " are not supported, expected " + Quote.quote(BITS_AND_BYTES)
                    + " or weights in float32, bfloat16 or float16");
        }
    }

    // Token ids

    private @Nullable Integer imageTokenId() {
        Integer index = root.integerOrNull("image_token_index", 0, MAX_TOKEN_ID);
        Integer id = root.integerOrNull("image_token_id", 0, MAX_TOKEN_ID);
        if (index != null && id != null && !index.equals(id)) {
            throw new CheckpointException(root.where() + ": image_token_index " + index + " and image_token_id " + id
                    + " name the same thing and must be equal");
        }
        return index != null ? index : id;
    }

    private int tokenId(String name, JsonObject text, int fallback) {
        JsonObject holder = root.has(name) ? root : text;
        return holder.integer(name, fallback, 0, MAX_TOKEN_ID);
    }

    /** The top level wins: text_config may be a copy of a chat model's, with tokens this model never ends with. */
    private List<Integer> eosTokenIds(JsonObject text) {
        return eosTokenIdsOf(root.has(EOS_TOKEN_ID) ? root : text);
    }

    /**
     * Returns the end tokens of {@code generation_config.json}, which {@code generate()} of transformers prefers to those
     * of {@code config.json}; null if the file is missing or names none.
     */
    static @Nullable List<Integer> generationEosTokenIds(Path file) {
        if (!Files.exists(file)) {
            return null;
        }
        JsonObject generation = Json.readObject(file, MAX_FILE_BYTES, CheckpointException::new);
        return generation.has(EOS_TOKEN_ID) ? eosTokenIdsOf(generation) : null;
    }

    private static List<Integer> eosTokenIdsOf(JsonObject holder) {
        if (!(holder.members().get(EOS_TOKEN_ID) instanceof List)) {
            return List.of(holder.integer(EOS_TOKEN_ID, PaliGemmaConfig.EOS, 0, MAX_TOKEN_ID));
        }
        List<@Nullable Object> values = Objects.requireNonNull(holder.listOrNull(EOS_TOKEN_ID));
        if (values.isEmpty() || values.size() > MAX_EOS_TOKENS) {
            throw holder.wrong(EOS_TOKEN_ID, "an integer or a list of 1 to " + MAX_EOS_TOKENS);
        }
        return values.stream()
                .map(value -> holder.asInteger(EOS_TOKEN_ID, value, 0, MAX_TOKEN_ID))
                .toList();
    }

    // Image encoder

    private static VisionConfig vision(JsonObject json) {
        requireModelType(json, VISION_MODEL_TYPE, List.of(VISION_MODEL_TYPE));
        if (json.integer("num_channels", VisionConfig.CHANNELS, 1, 1_000) != VisionConfig.CHANNELS) {
            throw unsupported(json, "num_channels", "3");
        }
        requireTanhGelu(json, "hidden_act");
        int hiddenSize = json.integer("hidden_size", 768, 1, Limits.MAX_HIDDEN);
        int heads = json.integer("num_attention_heads", 12, 1, Limits.MAX_HEADS);
        int imageSize = side(json, "image_size", 224);
        int patchSize = side(json, "patch_size", 16);
        requireMultiple(json, "hidden_size", hiddenSize, "num_attention_heads", heads);
        requireMultiple(json, "image_size", imageSize, "patch_size", patchSize);
        try {
            return new VisionConfig(
                    hiddenSize,
                    json.integer("intermediate_size", 3072, 1, Limits.MAX_INTERMEDIATE),
                    json.integer("num_hidden_layers", 12, 1, Limits.MAX_LAYERS),
                    heads,
                    imageSize,
                    patchSize,
                    (float) json.number("layer_norm_eps", 1e-6, Limits.MIN_EPS, Limits.MAX_EPS));
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(json.where() + ": " + e.getMessage(), e);
        }
    }

    /** A number of pixels, or a list of two equal ones. */
    private static int side(JsonObject json, String name, int fallback) {
        if (!(json.members().get(name) instanceof List)) {
            return json.integer(name, fallback, 1, Limits.MAX_IMAGE_SIZE);
        }
        List<@Nullable Object> sides = Objects.requireNonNull(json.listOrNull(name));
        if (sides.size() != 2 || !Objects.equals(sides.get(0), sides.get(1))) {
            throw new CheckpointException(json.where() + ": " + name
                    + " must be an integer or a list of two equal integers, got "
                    + (sides.size() == 2
                            ? "[" + JsonObject.describe(sides.get(0)) + ", " + JsonObject.describe(sides.get(1)) + "]"
                            : JsonObject.describe(sides)));
        }
        return json.asInteger(name, sides.get(0), 1, Limits.MAX_IMAGE_SIZE);
    }

    // Language model

    private TextConfig text(JsonObject json) {
        Family family =
                requireModelType(json, "gemma", List.of("gemma", "gemma2")).equals("gemma2")
                        ? Family.GEMMA2
                        : Family.GEMMA;
        boolean gemma2 = family == Family.GEMMA2;
        refuseTextVariants(json);
        int layers = json.integer("num_hidden_layers", gemma2 ? 26 : 28, 1, Limits.MAX_LAYERS);
        int heads = json.integer("num_attention_heads", gemma2 ? 8 : 16, 1, Limits.MAX_HEADS);
        int kvHeads = json.integer("num_key_value_heads", gemma2 ? 4 : 16, 1, Limits.MAX_HEADS);
        requireMultiple(json, "num_attention_heads", heads, "num_key_value_heads", kvHeads);
        int headDim = json.integer("head_dim", 256, 1, Limits.MAX_HEAD_DIM);
        if (headDim % 2 != 0) {
            throw new CheckpointException(
                    json.where() + ": head_dim must be even for rotary positions, got " + headDim);
        }
        int slidingWindow = gemma2 && !json.isNull("sliding_window")
                ? json.integer("sliding_window", family.slidingWindow, 1, Limits.MAX_LENGTH)
                : 0;
        try {
            TextConfig.Sizes sizes = new TextConfig.Sizes(
                    json.integer("vocab_size", 256_000, 1, Limits.MAX_VOCAB),
                    json.integer("hidden_size", gemma2 ? 2304 : 3072, 1, Limits.MAX_HIDDEN),
                    json.integer("intermediate_size", gemma2 ? 9216 : 24_576, 1, Limits.MAX_INTERMEDIATE),
                    layers,
                    heads,
                    kvHeads,
                    headDim);
            float eps = (float) json.number("rms_norm_eps", 1e-6, Limits.MIN_EPS, Limits.MAX_EPS);
            TextConfig.Attention attention = new TextConfig.Attention(
                    ropeTheta(json),
                    gemma2 ? json.number("query_pre_attn_scalar", 256, Limits.MIN_SCALAR, Limits.MAX_SCALAR) : headDim,
                    gemma2 ? softcap(json, "attn_logit_softcapping", family.attentionSoftcap) : 0,
                    slidingWindow,
                    gemma2 ? layerTypes(json, layers, slidingWindow) : LayerType.alternating(layers, 0));
            return new TextConfig(
                    family,
                    sizes,
                    attention,
                    eps,
                    softcap(json, "final_logit_softcapping", family.finalSoftcap),
                    tied(json),
                    json.integer("max_position_embeddings", TextConfig.MAX_POSITIONS, 1, Limits.MAX_LENGTH));
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(json.where() + ": " + e.getMessage(), e);
        }
    }

    private static void refuseTextVariants(JsonObject json) {
        if (json.bool("attention_bias", false)) {
            throw unsupported(json, "attention_bias", "false");
        }
        if (!json.bool("use_bidirectional_attention", true)) {
            throw unsupported(json, "use_bidirectional_attention", "true");
        }
        // hidden_activation, where present, decides. Without it "gelu" is what the first Gemma files called the tanh
        // form.
        if (json.has("hidden_activation")) {
            requireTanhGelu(json, "hidden_activation");
        } else if (!"gelu".equals(json.stringOrNull("hidden_act"))) {
            requireTanhGelu(json, "hidden_act");
        }
    }

    /** Written as rope_theta before version 5 of transformers, inside rope_parameters since. */
    private static double ropeTheta(JsonObject json) {
        JsonObject parameters = json.objectOrNull("rope_parameters");
        JsonObject scaling = json.objectOrNull("rope_scaling");
        for (JsonObject rope : new @Nullable JsonObject[] {parameters, scaling}) {
            if (rope == null) {
                continue;
            }
            for (String key : List.of("rope_type", "type")) {
                if (rope.has(key) && !"default".equals(rope.stringOrNull(key))) {
                    throw unsupported(rope, key, "\"default\"");
                }
            }
            if (rope.number("partial_rotary_factor", 1, 0, 1) != 1) {
                throw unsupported(rope, "partial_rotary_factor", "1");
            }
            if (rope.has("sliding_attention") || rope.has("full_attention")) {
                throw new CheckpointException(rope.where() + ": rotary parameters by kind of layer are not supported");
            }
        }
        Double outside = json.numberOrNull("rope_theta", Limits.MIN_ROPE_THETA, Limits.MAX_ROPE_THETA);
        Double inside = parameters == null
                ? null
                : parameters.numberOrNull("rope_theta", Limits.MIN_ROPE_THETA, Limits.MAX_ROPE_THETA);
        if (outside != null && inside != null && !outside.equals(inside)) {
            throw new CheckpointException(
                    json.where() + ": rope_theta is " + outside + ", but " + inside + " in rope_parameters");
        }
        return inside != null ? inside : outside != null ? outside : TextConfig.ROPE_THETA;
    }

    /** Absent means the default, null means none. */
    private static double softcap(JsonObject json, String name, double fallback) {
        return json.isNull(name) ? 0 : json.number(name, fallback, Limits.MIN_SCALAR, Limits.MAX_SCALAR);
    }

    private static List<LayerType> layerTypes(JsonObject json, int layers, int slidingWindow) {
        List<@Nullable Object> names = json.listOrNull("layer_types");
        if (names == null) {
            return LayerType.alternating(layers, slidingWindow);
        }
        List<LayerType> types = new ArrayList<>();
        for (Object name : names) {
            if ("sliding_attention".equals(name)) {
                types.add(LayerType.SLIDING);
            } else if ("full_attention".equals(name)) {
                types.add(LayerType.FULL);
            } else {
                throw new CheckpointException(json.where() + ": layer_types may hold \"sliding_attention\" and "
                        + "\"full_attention\", got " + JsonObject.describe(name));
            }
        }
        if (names.size() != layers) {
            throw new CheckpointException(
                    json.where() + ": layer_types must have one entry for each of num_hidden_layers " + layers
                            + ", got " + names.size());
        }
        if (slidingWindow == 0 && types.contains(LayerType.SLIDING)) {
            throw new CheckpointException(
                    json.where() + ": layer_types has \"sliding_attention\", but sliding_window is null (none)");
        }
        return types;
    }

    /**
     * Version 5 of transformers writes the truth at the top level and always true into text_config; older versions write
     * only what is not true, and into text_config.
     */
    private boolean tied(JsonObject text) {
        String name = "tie_word_embeddings";
        return (root.has(name) ? root : text).bool(name, true);
    }

    private static String requireModelType(JsonObject json, String fallback, List<String> supported) {
        String type = json.stringOrNull("model_type");
        if (type != null && !supported.contains(type)) {
            throw unsupported(json, "model_type", String.join(" or ", supported));
        }
        return type == null ? fallback : type;
    }

    private static void requireMultiple(JsonObject json, String name, int value, String of, int divisor) {
        if (value % divisor != 0) {
            throw new CheckpointException(
                    json.where() + ": " + name + " must be a multiple of " + of + ", got " + value + " and " + divisor);
        }
    }

    private static void requireTanhGelu(JsonObject json, String name) {
        String activation = json.stringOrNull(name);
        if (activation != null && !TANH_GELU.contains(activation)) {
            throw unsupported(json, name, "\"gelu_pytorch_tanh\"");
        }
    }

    private static CheckpointException unsupported(JsonObject json, String name, String expected) {
        return new CheckpointException(json.where() + ": " + name + " "
                + JsonObject.describe(json.members().get(name)) + " is not supported, expected " + expected);
    }
}
