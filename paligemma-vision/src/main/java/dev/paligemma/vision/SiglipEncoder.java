package dev.paligemma.vision;

import dev.paligemma.checkpoint.config.VisionConfig;
import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.GraphBuilder;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;

/**
 * The image encoder: SigLIP's vision transformer without a pooling head.
 *
 * <p>Letters: B images, S pixels per side, P pixels per side of a patch, G = S / P patches per side, N = G * G patches,
 * D width ({@code 1152} in all released models). All blocks work on rows {@code [B * N, D]}, one row per patch; only
 * attention knows which rows are one image.
 *
 * <p>Source: Zhai et al., "Sigmoid Loss for Language Image Pre-Training" (arXiv 2303.15343), and {@code models/vit.py} of
 * big_vision, variant So400m/14 with {@code pool_type="none"}.
 */
public final class SiglipEncoder {
    /** The input of the graph: {@code float32[B, 3, S, S]}. */
    public static final String PIXEL_VALUES = "pixel_values";

    private final VisionConfig config;
    private final SiglipWeights weights;
    private final GraphBuilder g;

    private SiglipEncoder(VisionConfig config, GraphBuilder g) {
        this.config = config;
        this.weights = SiglipWeights.of(config);
        this.g = g;
    }

    /**
     * Records the encoder in a graph, from an input named {@value #PIXEL_VALUES} on, and gives the encoded patches, {@code
     * float32[B * N, D]}.
     */
    public static Tensor record(VisionConfig config, GraphBuilder graph) {
        return new SiglipEncoder(config, graph).encode();
    }

    private Tensor encode() {
        Tensor pixels = g.input(
                PIXEL_VALUES,
                ElementType.FLOAT32,
                Shape.of("images", VisionConfig.CHANNELS, config.imageSize(), config.imageSize()));
        Tensor x = embedPatches(pixels);
        g.mark("vision.embeddings", x);
        for (int layer = 0; layer < config.layers(); layer++) {
            SiglipWeights.Block block = weights.blocks().get(layer);
            Tensor input = x;
            x = g.scope("vision.layers." + layer, () -> block(input, block));
            g.mark("vision.layers." + layer, x);
        }
        x = g.layerNorm(x, weights.finalNormGamma(), weights.finalNormBeta(), config.layerNormEps());
        g.mark("vision.post_layernorm", x);
        return x;
    }

    /** Cuts the image into patches, maps each to a row, and adds its place: {@code [B, 3, S, S]} to {@code [B * N, D]}. */
    private Tensor embedPatches(Tensor pixels) {
        long side = config.patchesPerSide();
        long patch = config.patchSize();
        long width = config.hiddenSize();
        Tensor grid = g.reshape(pixels, Shape.of("images", VisionConfig.CHANNELS, side, patch, side, patch));
        // [B, channel, gy, py, gx, px] to [B, gy, gx, channel, py, px]: one row per patch, its channels slowest.
        Tensor patches = g.transpose(grid, 0, 2, 4, 1, 3, 5);
        Tensor rows = g.reshape(patches, Shape.of("patches", VisionConfig.CHANNELS * patch * patch));
        Tensor embedded =
                g.reshape(g.linear(rows, weights.patchEmbedding()), Shape.of("images", config.patches(), width));
        Tensor placed = g.add(embedded, g.parameter(weights.positionEmbedding()));
        return g.reshape(placed, Shape.of("patches", width));
    }

    /** A pre-norm transformer block: {@code x += attention(norm(x)); x += mlp(norm(x))}. */
    private Tensor block(Tensor input, SiglipWeights.Block w) {
        Tensor x = input;
        Tensor normed = g.layerNorm(x, w.attentionNormGamma(), w.attentionNormBeta(), config.layerNormEps());
        x = g.add(x, selfAttention(normed, w));
        normed = g.layerNorm(x, w.mlpNormGamma(), w.mlpNormBeta(), config.layerNormEps());
        return g.add(x, mlp(normed, w));
    }

    private Tensor selfAttention(Tensor x, SiglipWeights.Block w) {
        Tensor q = g.linear(x, w.query());
        Tensor k = g.linear(x, w.key());
        Tensor v = g.linear(x, w.value());
        float scale = (float) (1 / Math.sqrt(config.headDim()));
        AttentionSpec spec = AttentionSpec.withinSequences(config.heads(), config.headDim(), scale, config.patches());
        return g.linear(g.attention(q, k, v, spec), w.attentionOutput());
    }

    private Tensor mlp(Tensor x, SiglipWeights.Block w) {
        return g.linear(g.gelu(g.linear(x, w.mlpIn())), w.mlpOut());
    }
}
