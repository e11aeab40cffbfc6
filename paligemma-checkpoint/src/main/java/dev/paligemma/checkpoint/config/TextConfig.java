package dev.paligemma.checkpoint.config;

import dev.paligemma.checkpoint.internal.Limits;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * The sizes and constants of the Gemma language model. Immutable and thread-safe.
 *
 * <p>What all supported checkpoints share is not repeated here: tanh-approximated GELU, no biases, embeddings scaled by
 * the square root of {@code hiddenSize}, rotary positions over the whole head.
 *
 * @param family Gemma (PaliGemma) or Gemma 2 (PaliGemma 2)
 * @param sizes the sizes of the matrices
 * @param attention who attends to whom, and how strongly
 * @param rmsNormEps the constant added to the mean square in RMS normalisation
 * @param finalLogitSoftcap the bound c of c * tanh(s / c) on logits; 0 for none
 * @param tieWordEmbeddings whether the output head is the token embedding; if not, there is a {@code lm_head.weight}
 * @param maxPositionEmbeddings the longest sequence the model was made for; nothing enforces it
 */
public record TextConfig(
        Family family,
        Sizes sizes,
        Attention attention,
        float rmsNormEps,
        double finalLogitSoftcap,
        boolean tieWordEmbeddings,
        int maxPositionEmbeddings) {
    /** The epsilon of the normalisations of every published model. */
    public static final float EPS = 1e-6f;

    static final double ROPE_THETA = 10_000;
    static final int MAX_POSITIONS = 8192;

    /** The two generations of the language model, with the constants that all published models of one share. */
    public enum Family {
        /** Gemma: one normalisation before each half of a block, no soft-caps, no sliding window. */
        GEMMA(0, 0, 0),
        /** Gemma 2: normalisation before and after each half of a block, soft-caps, alternating sliding window. */
        GEMMA2(50, 30, 4096);

        final double attentionSoftcap;
        final double finalSoftcap;
        final int slidingWindow;

        Family(double attentionSoftcap, double finalSoftcap, int slidingWindow) {
            this.attentionSoftcap = attentionSoftcap;
            this.finalSoftcap = finalSoftcap;
            this.slidingWindow = slidingWindow;
        }
    }

    /** How far back a layer looks. */
    public enum LayerType {
        /** Only {@link Attention#slidingWindow()} tokens. */
        SLIDING,
        /** The whole sequence. */
        FULL;

        /** Every other layer slides, the first one too; none does without a window. */
        static List<LayerType> alternating(int layers, int slidingWindow) {
            return IntStream.range(0, layers)
                    .mapToObj(layer -> slidingWindow > 0 && layer % 2 == 0 ? SLIDING : FULL)
                    .toList();
        }
    }

    /**
     * The sizes of the matrices.
     *
     * @param vocabSize the number of rows of the token embedding; a loaded checkpoint takes it from the tensor
     * @param hiddenSize the width of the residual stream; not in general {@code heads * headDim}
     * @param intermediateSize the width inside the feed-forward blocks
     * @param layers the number of decoder blocks
     * @param heads the number of query heads, a multiple of {@code kvHeads}
     * @param kvHeads the number of key and value heads
     * @param headDim the width of one attention head, even
     */
    public record Sizes(
            int vocabSize, int hiddenSize, int intermediateSize, int layers, int heads, int kvHeads, int headDim) {
        /** Throws an {@link IllegalArgumentException} if a number is out of range or two of them contradict each other. */
        public Sizes {
            Limits.check("vocabSize", vocabSize, Limits.MAX_VOCAB);
            Limits.check("hiddenSize", hiddenSize, Limits.MAX_HIDDEN);
            Limits.check("intermediateSize", intermediateSize, Limits.MAX_INTERMEDIATE);
            Limits.check("layers", layers, Limits.MAX_LAYERS);
            Limits.check("heads", heads, Limits.MAX_HEADS);
            Limits.check("kvHeads", kvHeads, Limits.MAX_HEADS);
            Limits.check("headDim", headDim, Limits.MAX_HEAD_DIM);
            Limits.checkMultiple("heads", heads, "kvHeads", kvHeads);
            if (headDim % 2 != 0) {
                throw new IllegalArgumentException("headDim must be even for rotary positions, got " + headDim);
            }
        }
    }

    /**
     * Who attends to whom, and how strongly.
     *
     * @param ropeTheta the base of the rotary frequencies
     * @param queryScalar scores are multiplied by this to the power of -1/2
     * @param softcap the bound c of c * tanh(s / c) on scores; 0 for none
     * @param slidingWindow the number of tokens a {@link LayerType#SLIDING} layer looks back, itself included; 0 for none
     * @param layerTypes one entry per layer; all {@link LayerType#FULL} when {@code slidingWindow} is 0
     */
    public record Attention(
            double ropeTheta, double queryScalar, double softcap, int slidingWindow, List<LayerType> layerTypes) {
        /** Throws an {@link IllegalArgumentException} if a number is out of range, or layers slide without a window. */
        public Attention {
            layerTypes = List.copyOf(layerTypes);
            Limits.check("ropeTheta", ropeTheta, Limits.MIN_ROPE_THETA, Limits.MAX_ROPE_THETA);
            Limits.check("queryScalar", queryScalar, Limits.MIN_SCALAR, Limits.MAX_SCALAR);
            Limits.check("softcap", softcap, 0, Limits.MAX_SCALAR);
            if (slidingWindow != 0) {
                Limits.check("slidingWindow", slidingWindow, Limits.MAX_LENGTH);
            } else if (layerTypes.contains(LayerType.SLIDING)) {
                throw new IllegalArgumentException("layerTypes has sliding layers, but slidingWindow is 0 (none)");
            }
        }

        /** Returns the factor on the scores: {@code queryScalar} to the power of -1/2, for example 1/16. */
        public double scale() {
            return 1 / Math.sqrt(queryScalar);
        }
    }

    /** Throws an {@link IllegalArgumentException} if a number is out of range or two of them contradict each other. */
    public TextConfig {
        Objects.requireNonNull(family, "family");
        Limits.checkEps("rmsNormEps", rmsNormEps);
        Limits.check("finalLogitSoftcap", finalLogitSoftcap, 0, Limits.MAX_SCALAR);
        Limits.check("maxPositionEmbeddings", maxPositionEmbeddings, Limits.MAX_LENGTH);
        if (attention.layerTypes().size() != sizes.layers()) {
            throw new IllegalArgumentException("layerTypes must have one entry for each of " + sizes.layers()
                    + " layers, got " + attention.layerTypes().size());
        }
    }

    /** A language model with the constants of the published ones of its family, and a head tied to the embedding. */
    public static TextConfig of(Family family, Sizes sizes, double queryScalar) {
        List<LayerType> layerTypes = LayerType.alternating(sizes.layers(), family.slidingWindow);
        Attention attention =
                new Attention(ROPE_THETA, queryScalar, family.attentionSoftcap, family.slidingWindow, layerTypes);
        return new TextConfig(family, sizes, attention, EPS, family.finalSoftcap, true, MAX_POSITIONS);
    }

    /** The same with another number of embedding rows. */
    TextConfig withVocabSize(int rows) {
        Sizes other = new Sizes(
                rows,
                sizes.hiddenSize,
                sizes.intermediateSize,
                sizes.layers,
                sizes.heads,
                sizes.kvHeads,
                sizes.headDim);
        return new TextConfig(
                family, other, attention, rmsNormEps, finalLogitSoftcap, tieWordEmbeddings, maxPositionEmbeddings);
    }

    /** The same with an output head that is the token embedding, or one of its own. */
    TextConfig withTieWordEmbeddings(boolean tied) {
        return new TextConfig(family, sizes, attention, rmsNormEps, finalLogitSoftcap, tied, maxPositionEmbeddings);
    }
}
