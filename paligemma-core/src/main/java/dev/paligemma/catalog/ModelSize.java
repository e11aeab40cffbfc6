package dev.paligemma.catalog;

import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.config.TextConfig.Family;
import dev.paligemma.checkpoint.config.VisionConfig;
import dev.paligemma.checkpoint.internal.bigvision.GemmaModel;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The architectures that Google published, with the numbers of their configuration files. */
public enum ModelSize {
    /** PaliGemma with Gemma 2B. */
    PALIGEMMA_3B("3b", GemmaModel.GEMMA_2B),
    /** PaliGemma 2 with Gemma 2 2B. */
    PALIGEMMA2_3B("3b", GemmaModel.GEMMA2_2B),
    /** PaliGemma 2 with Gemma 2 9B. */
    PALIGEMMA2_10B("10b", GemmaModel.GEMMA2_9B),
    /** PaliGemma 2 with Gemma 2 27B. */
    PALIGEMMA2_28B("28b", GemmaModel.GEMMA2_27B);

    private static final List<Integer> IMAGE_SIZES = List.of(224, 448, 896);
    private static final int IMAGE_TOKEN = 257_152;

    private final String label;
    private final GemmaModel text;

    ModelSize(String label, GemmaModel text) {
        this.label = label;
        this.text = text;
    }

    /** The size as names of models have it: {@code 3b}, {@code 10b} or {@code 28b}. */
    public String label() {
        return label;
    }

    /** The generation of the language model: Gemma for PaliGemma, Gemma 2 for PaliGemma 2. */
    public Family family() {
        return text.config().family();
    }

    /** The resolutions that models were published in: heights and widths in pixels, growing. */
    public static List<Integer> imageSizes() {
        return IMAGE_SIZES;
    }

    /**
     * The configuration of a published checkpoint, without a file: what {@link PaliGemmaConfig#read} makes of its
     * {@code config.json}.
     *
     * @param imageSize the height and width of the image in pixels, one of {@link #imageSizes}
     * @throws IllegalArgumentException if there is no model of that resolution
     */
    public PaliGemmaConfig config(int imageSize) {
        if (!IMAGE_SIZES.contains(imageSize)) {
            throw new IllegalArgumentException("imageSize must be one of " + IMAGE_SIZES + ", got " + imageSize);
        }
        VisionConfig vision = new VisionConfig(1152, 4304, 27, 16, imageSize, 14, 1e-6f);
        return PaliGemmaConfig.of(vision, text.config(), IMAGE_TOKEN);
    }

    /** The title of a generation and a size, for example {@code PaliGemma 2 10B}. */
    @Override
    public String toString() {
        return (family() == Family.GEMMA ? "PaliGemma " : "PaliGemma 2 ") + label.replace('b', 'B');
    }

    /** The architecture with these parts of a name, if there is one. */
    static Optional<ModelSize> named(Family family, String label) {
        return Arrays.stream(values())
                .filter(size -> size.family() == family && size.label.equals(label))
                .findFirst();
    }
}
