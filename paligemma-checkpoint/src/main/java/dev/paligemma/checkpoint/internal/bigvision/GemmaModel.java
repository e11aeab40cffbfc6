package dev.paligemma.checkpoint.internal.bigvision;

import dev.paligemma.checkpoint.config.TextConfig;
import dev.paligemma.checkpoint.config.TextConfig.Family;
import dev.paligemma.checkpoint.config.TextConfig.Sizes;
import java.util.Arrays;

/** The language models inside the published models, with the numbers of their configuration files. */
public enum GemmaModel {
    /** Gemma 2B, of PaliGemma. */
    GEMMA_2B(Family.GEMMA, new Sizes(GemmaModel.VOCABULARY, 2048, 16_384, 18, 8, 1, 256), 256),
    /** Gemma 2 2B, of PaliGemma 2 3B. */
    GEMMA2_2B(Family.GEMMA2, new Sizes(GemmaModel.VOCABULARY, 2304, 9216, 26, 8, 4, 256), 256),
    /** Gemma 2 9B, of PaliGemma 2 10B. */
    GEMMA2_9B(Family.GEMMA2, new Sizes(GemmaModel.VOCABULARY, 3584, 14_336, 42, 16, 8, 256), 256),
    /** Gemma 2 27B, of PaliGemma 2 28B, which alone scales queries by width / heads and not by the width of a head. */
    GEMMA2_27B(Family.GEMMA2, new Sizes(GemmaModel.VOCABULARY, 4608, 36_864, 46, 32, 16, 128), 144);

    /** With the tokens that PaliGemma adds. */
    private static final int VOCABULARY = 257_216;

    // A record of numbers, of records and of a list that nobody can change.
    @SuppressWarnings("ImmutableEnumChecker")
    private final TextConfig config;

    GemmaModel(Family family, Sizes sizes, double queryScalar) {
        this.config = TextConfig.of(family, sizes, queryScalar);
    }

    /** The configuration: family, sizes and constants. */
    public TextConfig config() {
        return config;
    }

    /** The scale of queries in a model of the same width and heads; the width of a head if none was published. */
    public static double queryScalar(Family family, Sizes sizes) {
        return Arrays.stream(values())
                .map(GemmaModel::config)
                .filter(known -> known.family() == family
                        && known.sizes().hiddenSize() == sizes.hiddenSize()
                        && known.sizes().heads() == sizes.heads())
                .mapToDouble(known -> known.attention().queryScalar())
                .findFirst()
                .orElse(sizes.headDim());
    }
}
