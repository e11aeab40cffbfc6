package dev.paligemma.checkpoint.internal.bigvision;

import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.config.TextConfig.Family;
import dev.paligemma.checkpoint.config.VisionConfig;
import dev.paligemma.checkpoint.internal.TensorNames;
import dev.paligemma.checkpoint.internal.safetensors.WantedWeights;
import dev.paligemma.engine.graph.Weight;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where the tensors of a model lie in the arrays of a big_vision checkpoint: the arrays of all layers are stacked, and
 * matrices are {@code [in, out]}, some with heads as a dimension of their own.
 *
 * @see <a href="https://github.com/google-research/big_vision/tree/main/big_vision/configs/proj/paligemma">big_vision</a>
 */
final class BigVisionLayout {
    public static final String PATCHES = "img/embedding/kernel";
    public static final String POSITIONS = "img/pos_embedding";
    public static final String EMBEDDING = "llm/embedder/input_embedding";
    public static final String QUERY = "llm/layers/attn/q_einsum/w";
    public static final String KEYS_AND_VALUES = "llm/layers/attn/kv_einsum/w";
    private static final String GATES = "llm/layers/mlp/gating_einsum";
    public static final String DOWN = "llm/layers/mlp/linear";
    public static final String POST_ATTENTION_NORM = "llm/layers/post_attention_norm/scale";
    private static final String PRE_MLP_NORM = "llm/layers/pre_ffw_norm/scale";
    public static final String POST_MLP_NORM = "llm/layers/post_ffw_norm/scale";

    private static final String ENCODER = "img/Transformer/";
    private static final String BLOCK = ENCODER + "encoderblock/";
    private static final String ATTENTION = BLOCK + "MultiHeadDotProductAttention_0/";
    private static final String MLP = BLOCK + "MlpBlock_0/Dense_";

    public static final String VISION_QUERY = ATTENTION + "query/kernel";
    public static final String VISION_MLP = MLP + "0/kernel";

    /**
     * Where one tensor lies.
     *
     * @param array the array, without {@code params/}
     * @param arrayShape the shape that the array must have
     * @param slice which of the equal parts of the array it is, counted from 0
     * @param rows the rows of one batch, of those that are transposed; 0 if the numbers lie in the order of the tensor
     * @param patch the side of a patch, if the columns are {@code [y, x, channel]} and those of the tensor
     *     {@code [channel, y, x]}; 0 if they have the same order
     */
    public record Piece(String name, long[] shape, String array, long[] arrayShape, long slice, int rows, int patch) {

        /** As of {@link RearrangedWeight}. */
        int @Nullable [] columnOrder() {
            if (patch == 0) {
                return null;
            }
            int pixels = patch * patch;
            int[] order = new int[pixels * VisionConfig.CHANNELS];
            for (int i = 0; i < order.length; i++) {
                order[i] = i % pixels * VisionConfig.CHANNELS + i / pixels;
            }
            return order;
        }
    }

    /** How the numbers of a tensor lie in its part of an array. */
    private enum Order {
        SAME,
        /** {@code [in, out]}. */
        TRANSPOSED,
        /** {@code [heads, in, head width]}. */
        TRANSPOSED_HEADS
    }

    /**
     * An array.
     *
     * @param name without {@code params/}
     * @param sizes a letter for each dimension: O and I are those of the tensor, out and in; L layers, N query heads, K
     *     key/value heads, H the width of a head, P the side of a patch; digits stand for themselves
     * @param part which of two tensors of a layer it holds is meant; 0 if it is one only
     */
    private record Array(String name, String sizes, Order order, int part) {}

    private static final Pattern LAYER = Pattern.compile("\\.layers\\.(\\d+)\\.");

    /** By name of the tensor, with {@code N} for the number of a layer. */
    private static final Map<String, Array> ARRAYS = new HashMap<>();

    static {
        String tower = "vision_tower.";
        put(tower + "embeddings.patch_embedding.weight", PATCHES, "PP3O", Order.TRANSPOSED);
        put(tower + "embeddings.patch_embedding.bias", "img/embedding/bias", "O", Order.SAME);
        put(tower + "embeddings.position_embedding.weight", POSITIONS, "1OI", Order.SAME);
        String block = tower + "encoder.layers.N.";
        for (int norm = 0; norm < 2; norm++) {
            String to = BLOCK + "LayerNorm_" + norm;
            put(block + "layer_norm" + (norm + 1) + ".weight", to + "/scale", "LO", Order.SAME);
            put(block + "layer_norm" + (norm + 1) + ".bias", to + "/bias", "LO", Order.SAME);
        }
        for (String part : List.of("query", "key", "value")) {
            String projection = block + "self_attn." + part.charAt(0) + "_proj";
            put(projection + ".weight", ATTENTION + part + "/kernel", "LINH", Order.TRANSPOSED);
            put(projection + ".bias", ATTENTION + part + "/bias", "LNH", Order.SAME);
        }
        put(block + "self_attn.out_proj.weight", ATTENTION + "out/kernel", "LNHO", Order.TRANSPOSED);
        put(block + "self_attn.out_proj.bias", ATTENTION + "out/bias", "LO", Order.SAME);
        for (int i = 0; i < 2; i++) {
            put(block + "mlp.fc" + (i + 1) + ".weight", MLP + i + "/kernel", "LIO", Order.TRANSPOSED);
            put(block + "mlp.fc" + (i + 1) + ".bias", MLP + i + "/bias", "LO", Order.SAME);
        }
        put(tower + "post_layernorm.weight", ENCODER + "encoder_norm/scale", "O", Order.SAME);
        put(tower + "post_layernorm.bias", ENCODER + "encoder_norm/bias", "O", Order.SAME);
        put("multi_modal_projector.linear.weight", "img/head/kernel", "IO", Order.TRANSPOSED);
        put("multi_modal_projector.linear.bias", "img/head/bias", "O", Order.SAME);
        put(TensorNames.EMBEDDING, EMBEDDING, "OI", Order.SAME);
        put("language_model.norm.weight", "llm/final_norm/scale", "O", Order.SAME);
        String layer = "language_model.layers.N.";
        put(layer + "input_layernorm.weight", "llm/layers/pre_attention_norm/scale", "LO", Order.SAME);
        put(layer + "post_attention_layernorm.weight", POST_ATTENTION_NORM, "LO", Order.SAME);
        put(layer + "pre_feedforward_layernorm.weight", PRE_MLP_NORM, "LO", Order.SAME);
        put(layer + "post_feedforward_layernorm.weight", POST_MLP_NORM, "LO", Order.SAME);
        put(layer + "self_attn.q_proj.weight", QUERY, "LNIH", Order.TRANSPOSED_HEADS);
        put(layer + "self_attn.k_proj.weight", KEYS_AND_VALUES, "L2KIH", Order.TRANSPOSED_HEADS);
        put(layer + "self_attn.v_proj.weight", KEYS_AND_VALUES, "L2KIH", Order.TRANSPOSED_HEADS, 1);
        put(layer + "self_attn.o_proj.weight", "llm/layers/attn/attn_vec_einsum/w", "LNHO", Order.TRANSPOSED);
        put(layer + "mlp.gate_proj.weight", GATES, "L2IO", Order.TRANSPOSED);
        put(layer + "mlp.up_proj.weight", GATES, "L2IO", Order.TRANSPOSED, 1);
        put(layer + "mlp.down_proj.weight", DOWN, "LIO", Order.TRANSPOSED);
    }

    private final PaliGemmaConfig config;

    private BigVisionLayout(PaliGemmaConfig config) {
        this.config = config;
    }

    /** The places of the weights of a model, without those that no archive has, such as an output head of its own. */
    public static List<Piece> of(WantedWeights wanted) {
        BigVisionLayout layout = new BigVisionLayout(wanted.config());
        return wanted.byName().values().stream().flatMap(layout::place).toList();
    }

    private Stream<Piece> place(Weight weight) {
        Matcher layer = LAYER.matcher(weight.name());
        int number = layer.find() ? Integer.parseInt(layer.group(1)) : 0;
        Array array = ARRAYS.get(layer.replaceFirst(".layers.N."));
        if (array == null) {
            return Stream.empty();
        }
        boolean vision = weight.name().startsWith("vision_tower.");
        // The name that transformers has for the only other norm of the first Gemma.
        boolean onlyOther =
                array.name().equals(POST_ATTENTION_NORM) && config.text().family() == Family.GEMMA;
        long slice = array.sizes().contains("2") ? 2L * number + array.part() : number;
        int rows = switch (array.order()) {
            case SAME -> 0;
            case TRANSPOSED -> Math.toIntExact(weight.size(0));
            case TRANSPOSED_HEADS -> config.text().sizes().headDim();
        };
        return Stream.of(new Piece(
                weight.name(),
                WantedWeights.storedShape(weight),
                onlyOther ? PRE_MLP_NORM : array.name(),
                array.sizes()
                        .chars()
                        .mapToLong(size -> size(size, weight, vision))
                        .toArray(),
                slice,
                rows,
                array.name().equals(PATCHES) ? config.vision().patchSize() : 0));
    }

    /** What a letter of an {@link Array} stands for. */
    private long size(int letter, Weight weight, boolean vision) {
        return switch (letter) {
            case 'O' -> weight.size(0);
            case 'I' -> weight.size(1);
            case 'L' ->
                vision ? config.vision().layers() : config.text().sizes().layers();
            case 'N' -> vision ? config.vision().heads() : config.text().sizes().heads();
            case 'K' -> config.text().sizes().kvHeads();
            case 'H' ->
                vision ? config.vision().headDim() : config.text().sizes().headDim();
            case 'P' -> config.vision().patchSize();
            default -> Character.digit(letter, 10);
        };
    }

    private static void put(String tensor, String array, String sizes, Order order) {
        put(tensor, array, sizes, order, 0);
    }

    private static void put(String tensor, String array, String sizes, Order order, int part) {
        ARRAYS.put(tensor, new Array(array, sizes, order, part));
    }
}
