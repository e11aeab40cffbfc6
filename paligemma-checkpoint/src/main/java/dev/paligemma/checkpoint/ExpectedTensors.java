package dev.paligemma.checkpoint;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.TextConfig.Family;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The tensors a configuration asks for, by canonical name, and the comparison with those that are there.
 *
 * <p>Linear weights are {@code [out, in]}, row-major.
 */
final class ExpectedTensors {
    static final String EMBEDDING = "language_model.embed_tokens.weight";
    static final String HEAD = "lm_head.weight";

    /** Stands for the number of embedding rows, which the tensor decides and not the configuration. */
    static final long ANY_ROWS = -1;

    /** In a block of the first Gemma, two norms are all. */
    private static final Pattern GEMMA2_NORM =
            Pattern.compile("language_model\\.layers\\.\\d+\\.(?:pre|post)_feedforward_layernorm\\.weight.*"
                    + "|" + Pattern.quote(BigVisionLayout.POST_ATTENTION_NORM)
                    + "|" + Pattern.quote(BigVisionLayout.POST_MLP_NORM));

    private final Family family;
    private final Map<String, long[]> shapes = new LinkedHashMap<>();

    private ExpectedTensors(PaliGemmaConfig config) {
        family = config.text().family();
        vision(config.vision());
        affine(
                "multi_modal_projector.linear",
                config.text().hiddenSize(),
                config.vision().hiddenSize());
        text(config.text());
    }

    static ExpectedTensors of(PaliGemmaConfig config) {
        return new ExpectedTensors(config);
    }

    /** Shapes in the order of evaluation; -1 stands for any number of rows. */
    Map<String, long[]> shapes() {
        return shapes;
    }

    /**
     * Lists every tensor that is missing, misshapen or of a type that cannot be read: one line each, empty if all is
     * well.
     */
    List<String> problems(Map<String, TensorInfo> tensors) {
        List<String> problems = new ArrayList<>();
        TensorInfo embedding = tensors.get(EMBEDDING);
        shapes.forEach((name, anyRows) -> {
            long[] shape = name.equals(HEAD) ? headShape(anyRows, embedding) : anyRows;
            TensorInfo tensor = tensors.get(name);
            if (tensor == null) {
                problems.add(name + ": missing, expected " + describe(shape));
            } else if (!tensor.dtype().isFloatWeight()) {
                problems.add(name + ": expected F32, BF16, F16, or codes of bitsandbytes with their scales, got "
                        + tensor.dtype() + describe(tensor.shape()));
            } else if (!matches(shape, tensor.shape())) {
                problems.add(name + ": expected " + describe(shape) + ", got " + describe(tensor.shape()));
            }
        });
        return problems;
    }

    /**
     * Refuses the weights of a Gemma 2 under the configuration of a Gemma: all tensors of that are there, but mean something
     * else, and the answers would be nonsense.
     *
     * @param folder for the message
     * @param names canonical names of all stored tensors, or the names of big_vision
     * @throws CheckpointException if the configuration says Gemma and there are norms that only Gemma 2 has
     */
    void refuseNormsOfGemma2(Path folder, Collection<String> names) {
        if (family != Family.GEMMA) {
            return;
        }
        List<String> norms = names.stream()
                .filter(name -> GEMMA2_NORM.matcher(name).matches())
                .sorted()
                .toList();
        if (!norms.isEmpty()) {
            throw new CheckpointException(
                    folder + ": text_config.model_type of config.json is \"gemma\" or missing, which"
                            + " means the same, but the weights hold " + norms.size()
                            + " norms that only Gemma 2 has, among them " + Quote.quote(norms.get(0))
                            + "; expected text_config.model_type \"gemma2\"");
        }
    }

    /** An untied head has as many rows as the embedding. */
    private static long[] headShape(long[] anyRows, @Nullable TensorInfo embedding) {
        if (embedding == null || embedding.shape().length != 2) {
            return anyRows;
        }
        return new long[] {embedding.shape()[0], anyRows[1]};
    }

    private void vision(VisionConfig config) {
        int width = config.hiddenSize();
        String tower = "vision_tower.";
        put(
                tower + "embeddings.patch_embedding.weight",
                width,
                VisionConfig.CHANNELS,
                config.patchSize(),
                config.patchSize());
        put(tower + "embeddings.patch_embedding.bias", width);
        put(tower + "embeddings.position_embedding.weight", config.patches(), width);
        for (int layer = 0; layer < config.layers(); layer++) {
            String block = tower + "encoder.layers." + layer + ".";
            layerNorm(block + "layer_norm1", width);
            for (String projection : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
                affine(block + "self_attn." + projection, width, width);
            }
            layerNorm(block + "layer_norm2", width);
            affine(block + "mlp.fc1", config.intermediateSize(), width);
            affine(block + "mlp.fc2", width, config.intermediateSize());
        }
        layerNorm(tower + "post_layernorm", width);
    }

    private void text(TextConfig config) {
        int width = config.hiddenSize();
        int queries = config.heads() * config.headDim();
        int keys = config.kvHeads() * config.headDim();
        put(EMBEDDING, ANY_ROWS, width);
        for (int layer = 0; layer < config.layers(); layer++) {
            String block = "language_model.layers." + layer + ".";
            put(block + "input_layernorm.weight", width);
            put(block + "self_attn.q_proj.weight", queries, width);
            put(block + "self_attn.k_proj.weight", keys, width);
            put(block + "self_attn.v_proj.weight", keys, width);
            put(block + "self_attn.o_proj.weight", width, queries);
            put(block + "post_attention_layernorm.weight", width);
            if (config.family() == Family.GEMMA2) {
                put(block + "pre_feedforward_layernorm.weight", width);
                put(block + "post_feedforward_layernorm.weight", width);
            }
            put(block + "mlp.gate_proj.weight", config.intermediateSize(), width);
            put(block + "mlp.up_proj.weight", config.intermediateSize(), width);
            put(block + "mlp.down_proj.weight", width, config.intermediateSize());
        }
        put("language_model.norm.weight", width);
        if (!config.tieWordEmbeddings()) {
            put(HEAD, ANY_ROWS, width);
        }
    }

    private void layerNorm(String name, int width) {
        put(name + ".weight", width);
        put(name + ".bias", width);
    }

    private void affine(String name, int out, int in) {
        put(name + ".weight", out, in);
        put(name + ".bias", out);
    }

    private void put(String name, long... shape) {
        shapes.put(name, shape);
    }

    private static boolean matches(long[] expected, long[] got) {
        if (expected.length != got.length) {
            return false;
        }
        for (int i = 0; i < got.length; i++) {
            boolean fits = expected[i] == ANY_ROWS ? got[i] >= 1 && got[i] <= Limits.MAX_VOCAB : expected[i] == got[i];
            if (!fits) {
                return false;
            }
        }
        return true;
    }

    private static String describe(long[] shape) {
        return Arrays.toString(shape).replace(Long.toString(ANY_ROWS), "tokens");
    }
}
