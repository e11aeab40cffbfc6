package dev.paligemma.vision;

import dev.paligemma.checkpoint.config.VisionConfig;
import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Weight;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The parameters of the SigLIP encoder by their role. Immutable.
 *
 * <p>This is the one place that knows what the checkpoint calls them. D is the width, N the number of patches, F the
 * width inside the feed-forward blocks.
 *
 * @param patchEmbedding from the pixels of a patch, {@code [D, 3 * patch * patch]}; channel slowest, then rows
 * @param positionEmbedding {@code [N, D]}, row-major over the grid of patches
 * @param blocks the encoder blocks in order
 * @param finalNormGamma {@code [D]}
 * @param finalNormBeta {@code [D]}
 */
record SiglipWeights(
        LinearWeights patchEmbedding,
        Weight positionEmbedding,
        List<Block> blocks,
        Weight finalNormGamma,
        Weight finalNormBeta) {

    /**
     * The parameters of one encoder block: of the norms {@code [D]}; query, key, value and output of attention {@code [D,
     * D]}; {@code mlpIn [F, D]} and {@code mlpOut [D, F]}.
     */
    record Block(
            Weight attentionNormGamma,
            Weight attentionNormBeta,
            LinearWeights query,
            LinearWeights key,
            LinearWeights value,
            LinearWeights attentionOutput,
            Weight mlpNormGamma,
            Weight mlpNormBeta,
            LinearWeights mlpIn,
            LinearWeights mlpOut) {}

    static SiglipWeights of(VisionConfig config) {
        String prefix = "vision_tower.";
        long width = config.hiddenSize();
        long pixels = (long) VisionConfig.CHANNELS * config.patchSize() * config.patchSize();
        // Stored as the kernel of a convolution.
        Weight patches = Weight.of(prefix + "embeddings.patch_embedding.weight", width, pixels)
                .storedAs(width, VisionConfig.CHANNELS, config.patchSize(), config.patchSize());
        List<Block> blocks = IntStream.range(0, config.layers())
                .mapToObj(layer -> block(config, prefix + "encoder.layers." + layer + "."))
                .toList();
        return new SiglipWeights(
                new LinearWeights(patches, Weight.of(prefix + "embeddings.patch_embedding.bias", width)),
                Weight.of(prefix + "embeddings.position_embedding.weight", config.patches(), width),
                blocks,
                Weight.of(prefix + "post_layernorm.weight", width),
                Weight.of(prefix + "post_layernorm.bias", width));
    }

    private static Block block(VisionConfig config, String prefix) {
        long width = config.hiddenSize();
        long inner = config.intermediateSize();
        return new Block(
                Weight.of(prefix + "layer_norm1.weight", width),
                Weight.of(prefix + "layer_norm1.bias", width),
                linear(prefix + "self_attn.q_proj", width, width),
                linear(prefix + "self_attn.k_proj", width, width),
                linear(prefix + "self_attn.v_proj", width, width),
                linear(prefix + "self_attn.out_proj", width, width),
                Weight.of(prefix + "layer_norm2.weight", width),
                Weight.of(prefix + "layer_norm2.bias", width),
                linear(prefix + "mlp.fc1", inner, width),
                linear(prefix + "mlp.fc2", width, inner));
    }

    private static LinearWeights linear(String name, long out, long in) {
        return new LinearWeights(Weight.of(name + ".weight", out, in), Weight.of(name + ".bias", out));
    }
}
