package dev.paligemma.catalog;

import dev.paligemma.checkpoint.PaliGemmaConfig;
import dev.paligemma.checkpoint.TextConfig;
import dev.paligemma.checkpoint.TextConfig.Family;
import dev.paligemma.checkpoint.TextConfig.LayerType;
import dev.paligemma.checkpoint.VisionConfig;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** The architectures that Google published, with the numbers of their configuration files and of the Gemma models inside. */
public enum ModelSize {
    /** PaliGemma with Gemma 2B. */
    PALIGEMMA_3B("3b", Family.GEMMA, 2048, 16_384, 18, 8, 1, 256, 256),
    /** PaliGemma 2 with Gemma 2 2B. */
    PALIGEMMA2_3B("3b", Family.GEMMA2, 2304, 9216, 26, 8, 4, 256, 256),
    /** PaliGemma 2 with Gemma 2 9B. */
    PALIGEMMA2_10B("10b", Family.GEMMA2, 3584, 14_336, 42, 16, 8, 256, 256),
    /** PaliGemma 2 with Gemma 2 27B, whose attention is scaled by the width for each head, 4608 / 32. */
    PALIGEMMA2_28B("28b", Family.GEMMA2, 4608, 36_864, 46, 32, 16, 128, 144);

    private static final List<Integer> IMAGE_SIZES = List.of(224, 448, 896);

    // What all have in common.
    private static final int IMAGE_TOKEN = 257_152;
    private static final int VOCABULARY = 257_216;
    private static final int BOS = 2;
    private static final int EOS = 1;
    private static final int PAD = 0;
    private static final int POSITIONS = 8192;
    private static final float EPS = 1e-6f;
    private static final double ROPE_THETA = 10_000;

    // What those with Gemma 2 have in common.
    private static final double ATTENTION_SOFTCAP = 50;
    private static final double FINAL_SOFTCAP = 30;
    private static final int SLIDING_WINDOW = 4096;

    private final String label;
    private final Family family;
    private final int width;
    private final int mlp;
    private final int layers;
    private final int heads;
    private final int kvHeads;
    private final int headWidth;
    private final double queryScalar;

    ModelSize(
            String label,
            Family family,
            int width,
            int mlp,
            int layers,
            int heads,
            int kvHeads,
            int headWidth,
            double queryScalar) {
        this.label = label;
        this.family = family;
        this.width = width;
        this.mlp = mlp;
        this.layers = layers;
        this.heads = heads;
        this.kvHeads = kvHeads;
        this.headWidth = headWidth;
        this.queryScalar = queryScalar;
    }

    /** The size as names of models have it: {@code 3b}, {@code 10b} or {@code 28b}. */
    public String label() {
        return label;
    }

    /** The generation of the language model: Gemma for PaliGemma, Gemma 2 for PaliGemma 2. */
    public Family family() {
        return family;
    }

    /** The resolutions that models were published in: heights and widths in pixels, growing. */
    public static List<Integer> imageSizes() {
        return IMAGE_SIZES;
    }

    /**
     * The configuration of a published checkpoint, without a file.
     *
     * @param imageSize the height and width of the image in pixels, one of {@link #imageSizes}
     * @return what {@link PaliGemmaConfig#read} makes of the {@code config.json} of such a checkpoint
     * @throws IllegalArgumentException if there is no model of that resolution
     */
    public PaliGemmaConfig config(int imageSize) {
        if (!IMAGE_SIZES.contains(imageSize)) {
            throw new IllegalArgumentException("imageSize must be one of " + IMAGE_SIZES + ", got " + imageSize);
        }
        VisionConfig vision = new VisionConfig(1152, 4304, 27, 16, imageSize, 14, EPS);
        boolean second = family == Family.GEMMA2;
        TextConfig text = new TextConfig(
                family,
                VOCABULARY,
                width,
                mlp,
                layers,
                heads,
                kvHeads,
                headWidth,
                EPS,
                ROPE_THETA,
                queryScalar,
                second ? ATTENTION_SOFTCAP : 0,
                second ? FINAL_SOFTCAP : 0,
                second ? SLIDING_WINDOW : 0,
                second ? alternating(layers) : Collections.nCopies(layers, LayerType.FULL),
                true,
                POSITIONS);
        return new PaliGemmaConfig(vision, text, IMAGE_TOKEN, BOS, List.of(EOS), PAD);
    }

    /** The first layer slides. */
    private static List<LayerType> alternating(int layers) {
        return IntStream.range(0, layers)
                .mapToObj(layer -> layer % 2 == 0 ? LayerType.SLIDING : LayerType.FULL)
                .toList();
    }

    /** The title of a generation and a size, for example {@code PaliGemma 2 10B}. */
    @Override
    public String toString() {
        return (family == Family.GEMMA ? "PaliGemma " : "PaliGemma 2 ") + label.replace('b', 'B');
    }

    /** The architecture with these parts of a name, if there is one. */
    static Optional<ModelSize> named(Family family, String label) {
        return Arrays.stream(values())
                .filter(size -> size.family == family && size.label.equals(label))
                .findFirst();
    }
}
