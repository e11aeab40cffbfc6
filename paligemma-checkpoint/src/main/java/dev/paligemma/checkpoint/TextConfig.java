package dev.paligemma.checkpoint;

import java.util.List;
import java.util.Objects;

/**
 * The sizes and constants of the Gemma language model. Immutable and thread-safe.
 *
 * <p>What all supported checkpoints share is not repeated here: tanh-approximated GELU, no biases, embeddings scaled by
 * the square root of {@code hiddenSize}, rotary positions over the whole head.
 *
 * @param family Gemma (PaliGemma) or Gemma 2 (PaliGemma 2)
 * @param vocabSize the number of rows of the token embedding; a loaded {@link Checkpoint} takes it from the tensor
 * @param hiddenSize the width of the residual stream; not in general {@code heads * headDim}
 * @param intermediateSize the width inside the feed-forward blocks
 * @param layers the number of decoder blocks
 * @param heads the number of query heads, a multiple of {@code kvHeads}
 * @param kvHeads the number of key and value heads
 * @param headDim the width of one attention head, even
 * @param rmsNormEps the constant added to the mean square in RMS normalisation
 * @param ropeTheta the base of the rotary frequencies
 * @param queryPreAttnScalar attention scores are multiplied by this to the power of -1/2
 * @param attnLogitSoftcap the bound c of c * tanh(s / c) on attention scores; 0 for none
 * @param finalLogitSoftcap the bound c of c * tanh(s / c) on logits; 0 for none
 * @param slidingWindow the number of tokens a {@link LayerType#SLIDING} layer looks back, itself included; 0 for none
 * @param layerTypes one entry per layer; all {@link LayerType#FULL} when {@code slidingWindow} is 0
 * @param tieWordEmbeddings whether the output head is the token embedding; if not, there is a {@code lm_head.weight}
 * @param maxPositionEmbeddings the longest sequence the model was made for; nothing enforces it
 */
public record TextConfig(
        Family family,
        int vocabSize,
        int hiddenSize,
        int intermediateSize,
        int layers,
        int heads,
        int kvHeads,
        int headDim,
        float rmsNormEps,
        double ropeTheta,
        double queryPreAttnScalar,
        double attnLogitSoftcap,
        double finalLogitSoftcap,
        int slidingWindow,
        List<LayerType> layerTypes,
        boolean tieWordEmbeddings,
        int maxPositionEmbeddings) {

    /** The two generations of the language model. */
    public enum Family {
        /** Gemma: one normalisation before each half of a block, no soft-caps, no sliding window. */
        GEMMA,
        /** Gemma 2: normalisation before and after each half of a block, soft-caps, alternating sliding window. */
        GEMMA2
    }

    /** How far back a layer looks. */
    public enum LayerType {
        /** Only {@link TextConfig#slidingWindow()} tokens. */
        SLIDING,
        /** The whole sequence. */
        FULL
    }

    /**
     * Makes a configuration.
     *
     * @throws IllegalArgumentException if a number is out of range or two of them contradict each other
     */
    public TextConfig {
        Objects.requireNonNull(family, "family");
        layerTypes = List.copyOf(layerTypes);
        Limits.check("vocabSize", vocabSize, Limits.MAX_VOCAB);
        Limits.check("hiddenSize", hiddenSize, Limits.MAX_HIDDEN);
        Limits.check("intermediateSize", intermediateSize, Limits.MAX_INTERMEDIATE);
        Limits.check("layers", layers, Limits.MAX_LAYERS);
        Limits.check("heads", heads, Limits.MAX_HEADS);
        Limits.check("kvHeads", kvHeads, Limits.MAX_HEADS);
        Limits.check("headDim", headDim, Limits.MAX_HEAD_DIM);
        Limits.checkEps("rmsNormEps", rmsNormEps);
        Limits.check("ropeTheta", ropeTheta, Limits.MIN_ROPE_THETA, Limits.MAX_ROPE_THETA);
        Limits.check("queryPreAttnScalar", queryPreAttnScalar, Limits.MIN_SCALAR, Limits.MAX_SCALAR);
        Limits.check("attnLogitSoftcap", attnLogitSoftcap, 0, Limits.MAX_SCALAR);
        Limits.check("finalLogitSoftcap", finalLogitSoftcap, 0, Limits.MAX_SCALAR);
        Limits.check("maxPositionEmbeddings", maxPositionEmbeddings, Limits.MAX_LENGTH);
        Limits.checkMultiple("heads", heads, "kvHeads", kvHeads);
        if (headDim % 2 != 0) {
            throw new IllegalArgumentException("headDim must be even for rotary positions, got " + headDim);
        }
        if (slidingWindow != 0) {
            Limits.check("slidingWindow", slidingWindow, Limits.MAX_LENGTH);
        } else if (layerTypes.contains(LayerType.SLIDING)) {
            throw new IllegalArgumentException("layerTypes has sliding layers, but slidingWindow is 0 (none)");
        }
        if (layerTypes.size() != layers) {
            throw new IllegalArgumentException(
                    "layerTypes must have one entry for each of " + layers + " layers, got " + layerTypes.size());
        }
    }

    /**
     * Returns the factor on the attention scores: {@code queryPreAttnScalar} to the power of -1/2, for example 1/16.
     */
    public double attentionScale() {
        return 1 / Math.sqrt(queryPreAttnScalar);
    }

    /** The same with another number of embedding rows. */
    TextConfig withVocabSize(int rows) {
        return new TextConfig(
                family,
                rows,
                hiddenSize,
                intermediateSize,
                layers,
                heads,
                kvHeads,
                headDim,
                rmsNormEps,
                ropeTheta,
                queryPreAttnScalar,
                attnLogitSoftcap,
                finalLogitSoftcap,
                slidingWindow,
                layerTypes,
                tieWordEmbeddings,
                maxPositionEmbeddings);
    }
}
