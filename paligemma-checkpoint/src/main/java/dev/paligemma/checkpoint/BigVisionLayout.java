package dev.paligemma.checkpoint;

import dev.paligemma.checkpoint.TextConfig.Family;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the tensors of a model lie in the arrays of a big_vision checkpoint: the arrays of all layers are stacked, and
 * matrices are {@code [in, out]}, some with heads as a dimension of their own.
 *
 * @see <a href="https://github.com/google-research/big_vision/tree/main/big_vision/configs/proj/paligemma">big_vision</a>
 */
final class BigVisionLayout {
    static final String PATCHES = "img/embedding/kernel";
    static final String POSITIONS = "img/pos_embedding";
    static final String EMBEDDING = "llm/embedder/input_embedding";
    static final String QUERY = "llm/layers/attn/q_einsum/w";
    static final String KEYS_AND_VALUES = "llm/layers/attn/kv_einsum/w";
    static final String DOWN = "llm/layers/mlp/linear";
    static final String POST_ATTENTION_NORM = "llm/layers/post_attention_norm/scale";
    static final String POST_MLP_NORM = "llm/layers/post_ffw_norm/scale";

    private static final String ENCODER = "img/Transformer/";
    private static final String BLOCK = ENCODER + "encoderblock/";
    private static final String ATTENTION = BLOCK + "MultiHeadDotProductAttention_0/";
    private static final String MLP = BLOCK + "MlpBlock_0/Dense_";

    static final String VISION_QUERY = ATTENTION + "query/kernel";
    static final String VISION_MLP = MLP + "0/kernel";

    /**
     * Where one tensor lies.
     *
     * @param name its canonical name
     * @param shape its shape
     * @param array the array, without {@code params/}
     * @param arrayShape the shape that the array must have
     * @param slice which of the equal parts of the array it is, counted from 0
     * @param rows the rows of one batch, of those that are transposed; 0 if the numbers lie in the order of the tensor
     * @param patch the side of a patch, if the columns are {@code [y, x, channel]} and those of the tensor
     *     {@code [channel, y, x]}; 0 if they have the same order
     */
    record Piece(String name, long[] shape, String array, long[] arrayShape, long slice, int rows, int patch) {

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

    private final List<Piece> pieces = new ArrayList<>();

    private BigVisionLayout(PaliGemmaConfig config) {
        vision(config.vision());
        int vision = config.vision().hiddenSize();
        int width = config.text().hiddenSize();
        transposed(
                "multi_modal_projector.linear.weight",
                sizes(width, vision),
                "img/head/kernel",
                sizes(vision, width),
                0);
        plain("multi_modal_projector.linear.bias", sizes(width), "img/head/bias", sizes(width), 0);
        text(config.text());
    }

    /** The places of all tensors of a model. */
    static List<Piece> of(PaliGemmaConfig config) {
        return new BigVisionLayout(config).pieces;
    }

    private void vision(VisionConfig config) {
        long width = config.hiddenSize();
        long mlp = config.intermediateSize();
        long layers = config.layers();
        long heads = config.heads();
        long headDim = config.headDim();
        int patch = config.patchSize();
        String tower = "vision_tower.";
        put(
                tower + "embeddings.patch_embedding.weight",
                sizes(width, VisionConfig.CHANNELS, patch, patch),
                PATCHES,
                sizes(patch, patch, VisionConfig.CHANNELS, width),
                0,
                config.hiddenSize(),
                patch);
        plain(tower + "embeddings.patch_embedding.bias", sizes(width), "img/embedding/bias", sizes(width), 0);
        plain(
                tower + "embeddings.position_embedding.weight",
                sizes(config.patches(), width),
                POSITIONS,
                sizes(1, config.patches(), width),
                0);
        for (int i = 0; i < layers; i++) {
            String block = tower + "encoder.layers." + i + ".";
            for (int norm = 0; norm < 2; norm++) {
                String to = block + "layer_norm" + (norm + 1);
                String from = BLOCK + "LayerNorm_" + norm;
                plain(to + ".weight", sizes(width), from + "/scale", sizes(layers, width), i);
                plain(to + ".bias", sizes(width), from + "/bias", sizes(layers, width), i);
            }
            for (String part : List.of("query", "key", "value")) {
                String to = block + "self_attn." + part.charAt(0) + "_proj";
                String from = ATTENTION + part;
                transposed(
                        to + ".weight", sizes(width, width), from + "/kernel", sizes(layers, width, heads, headDim), i);
                plain(to + ".bias", sizes(width), from + "/bias", sizes(layers, heads, headDim), i);
            }
            String out = block + "self_attn.out_proj";
            transposed(
                    out + ".weight",
                    sizes(width, width),
                    ATTENTION + "out/kernel",
                    sizes(layers, heads, headDim, width),
                    i);
            plain(out + ".bias", sizes(width), ATTENTION + "out/bias", sizes(layers, width), i);
            transposed(block + "mlp.fc1.weight", sizes(mlp, width), VISION_MLP, sizes(layers, width, mlp), i);
            plain(block + "mlp.fc1.bias", sizes(mlp), MLP + "0/bias", sizes(layers, mlp), i);
            transposed(block + "mlp.fc2.weight", sizes(width, mlp), MLP + "1/kernel", sizes(layers, mlp, width), i);
            plain(block + "mlp.fc2.bias", sizes(width), MLP + "1/bias", sizes(layers, width), i);
        }
        plain(tower + "post_layernorm.weight", sizes(width), ENCODER + "encoder_norm/scale", sizes(width), 0);
        plain(tower + "post_layernorm.bias", sizes(width), ENCODER + "encoder_norm/bias", sizes(width), 0);
    }

    private void text(TextConfig config) {
        long width = config.hiddenSize();
        long mlp = config.intermediateSize();
        long layers = config.layers();
        long heads = config.heads();
        long kvHeads = config.kvHeads();
        int headDim = config.headDim();
        plain(
                ExpectedTensors.EMBEDDING,
                sizes(config.vocabSize(), width),
                EMBEDDING,
                sizes(config.vocabSize(), width),
                0);
        for (int i = 0; i < layers; i++) {
            String block = "language_model.layers." + i + ".";
            norm(block + "input_layernorm", "pre_attention_norm", width, layers, i);
            put(
                    block + "self_attn.q_proj.weight",
                    sizes(heads * headDim, width),
                    QUERY,
                    sizes(layers, heads, width, headDim),
                    i,
                    headDim,
                    0);
            for (int part = 0; part < 2; part++) {
                put(
                        block + (part == 0 ? "self_attn.k_proj.weight" : "self_attn.v_proj.weight"),
                        sizes(kvHeads * headDim, width),
                        KEYS_AND_VALUES,
                        sizes(layers, 2, kvHeads, width, headDim),
                        2L * i + part,
                        headDim,
                        0);
            }
            transposed(
                    block + "self_attn.o_proj.weight",
                    sizes(width, heads * headDim),
                    "llm/layers/attn/attn_vec_einsum/w",
                    sizes(layers, heads, headDim, width),
                    i);
            if (config.family() == Family.GEMMA2) {
                norm(block + "post_attention_layernorm", "post_attention_norm", width, layers, i);
                norm(block + "pre_feedforward_layernorm", "pre_ffw_norm", width, layers, i);
                norm(block + "post_feedforward_layernorm", "post_ffw_norm", width, layers, i);
            } else {
                // The name that transformers has for the only other norm of the first Gemma.
                norm(block + "post_attention_layernorm", "pre_ffw_norm", width, layers, i);
            }
            for (int part = 0; part < 2; part++) {
                transposed(
                        block + (part == 0 ? "mlp.gate_proj.weight" : "mlp.up_proj.weight"),
                        sizes(mlp, width),
                        "llm/layers/mlp/gating_einsum",
                        sizes(layers, 2, width, mlp),
                        2L * i + part);
            }
            transposed(block + "mlp.down_proj.weight", sizes(width, mlp), DOWN, sizes(layers, mlp, width), i);
        }
        plain("language_model.norm.weight", sizes(width), "llm/final_norm/scale", sizes(width), 0);
    }

    private void norm(String name, String array, long width, long layers, int layer) {
        plain(name + ".weight", sizes(width), "llm/layers/" + array + "/scale", sizes(layers, width), layer);
    }

    private void plain(String name, long[] shape, String array, long[] arrayShape, long slice) {
        put(name, shape, array, arrayShape, slice, 0, 0);
    }

    private void transposed(String name, long[] shape, String array, long[] arrayShape, long slice) {
        put(name, shape, array, arrayShape, slice, Math.toIntExact(shape[0]), 0);
    }

    private void put(String name, long[] shape, String array, long[] arrayShape, long slice, int rows, int patch) {
        pieces.add(new Piece(name, shape, array, arrayShape, slice, rows, patch));
    }

    private static long[] sizes(long... sizes) {
        return sizes;
    }
}
