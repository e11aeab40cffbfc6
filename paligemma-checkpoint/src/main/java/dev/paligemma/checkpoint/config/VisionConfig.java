package dev.paligemma.checkpoint.config;

import dev.paligemma.checkpoint.internal.Limits;

/**
 * The sizes of the SigLIP image encoder. Immutable and thread-safe.
 *
 * <p>What all supported checkpoints share is not repeated here: three colour channels, learned position embeddings,
 * tanh-approximated GELU, biases everywhere, no class token and no pooling head.
 *
 * @param hiddenSize the width of the encoder, a multiple of {@code heads}
 * @param intermediateSize the width inside the feed-forward blocks
 * @param layers the number of encoder blocks
 * @param heads the number of attention heads
 * @param imageSize the height and width of the input in pixels, a multiple of {@code patchSize}
 * @param patchSize the height and width of one patch in pixels
 * @param layerNormEps the constant added to the variance in layer normalisation
 */
public record VisionConfig(
        int hiddenSize, int intermediateSize, int layers, int heads, int imageSize, int patchSize, float layerNormEps) {
    /** The number of colour channels of an image: red, green, blue. */
    public static final int CHANNELS = 3;

    /** Throws an {@link IllegalArgumentException} if a number is out of range or two of them contradict each other. */
    public VisionConfig {
        Limits.check("hiddenSize", hiddenSize, Limits.MAX_HIDDEN);
        Limits.check("intermediateSize", intermediateSize, Limits.MAX_INTERMEDIATE);
        Limits.check("layers", layers, Limits.MAX_LAYERS);
        Limits.check("heads", heads, Limits.MAX_HEADS);
        Limits.check("imageSize", imageSize, Limits.MAX_IMAGE_SIZE);
        Limits.check("patchSize", patchSize, Limits.MAX_IMAGE_SIZE);
        Limits.checkEps("layerNormEps", layerNormEps);
        Limits.checkMultiple("hiddenSize", hiddenSize, "heads", heads);
        Limits.checkMultiple("imageSize", imageSize, "patchSize", patchSize);
    }

    /**
     * Returns the number of patches an image is cut into, which is the number of image tokens, for example 256 for 224
     * pixels with patches of 14.
     */
    public int patches() {
        return patchesPerSide() * patchesPerSide();
    }

    /** Returns the number of patches along one side of the image, for example 16 for 224 pixels with patches of 14. */
    public int patchesPerSide() {
        return imageSize / patchSize;
    }

    /** Returns the width of one attention head: {@code hiddenSize / heads}. */
    public int headDim() {
        return hiddenSize / heads;
    }
}
