package dev.paligemma.checkpoint;

import dev.paligemma.checkpoint.TextConfig.Family;
import dev.paligemma.checkpoint.TextConfig.LayerType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * Infers a configuration from the shapes of the arrays of a big_vision checkpoint. What shapes do not tell is as in the
 * published models of the family.
 */
final class BigVisionConfig {
    private static final int BOS = 2;
    private static final int EOS = 1;
    private static final int PAD = 0;
    private static final float EPS = 1e-6f;
    private static final double ROPE_THETA = 10_000;
    private static final double ATTENTION_SOFTCAP = 50;
    private static final double FINAL_SOFTCAP = 30;
    private static final int SLIDING_WINDOW = 4096;
    private static final int MAX_POSITIONS = 8192;

    /** Gemma 2 27B, which alone scales queries by width / heads and not by the width of a head. */
    private static final int WIDTH_27B = 4608;

    private static final int HEADS_27B = 32;

    private final Path file;
    private final Map<String, long[]> shapes;

    private BigVisionConfig(Path file, Map<String, long[]> shapes) {
        this.file = file;
        this.shapes = shapes;
    }

    /**
     * The configuration.
     *
     * @param file for messages
     * @param shapes of the arrays, by their names without {@code params/}
     * @throws CheckpointException if an array that tells a size is missing, or a size is absurd
     */
    static PaliGemmaConfig infer(Path file, Map<String, long[]> shapes) {
        BigVisionConfig config = new BigVisionConfig(file, shapes);
        try {
            return new PaliGemmaConfig(config.vision(), config.text(), null, BOS, List.of(EOS), PAD);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new CheckpointException(file + ": the shapes of its arrays fit no model: " + e.getMessage(), e);
        }
    }

    private VisionConfig vision() {
        int[] patches = sizes(BigVisionLayout.PATCHES, 4);
        int[] positions = sizes(BigVisionLayout.POSITIONS, 3);
        int[] query = sizes(BigVisionLayout.VISION_QUERY, 4);
        int[] mlp = sizes(BigVisionLayout.VISION_MLP, 3);
        int side = (int) Math.round(Math.sqrt(positions[1]));
        if ((long) side * side != positions[1]) {
            throw new CheckpointException(file + ": " + BigVisionLayout.POSITIONS + " has " + positions[1]
                    + " positions, expected a square number such as 256");
        }
        return new VisionConfig(
                query[1], mlp[2], mlp[0], query[2], Math.multiplyExact(side, patches[0]), patches[0], EPS);
    }

    private TextConfig text() {
        int[] table = sizes(BigVisionLayout.EMBEDDING, 2);
        int[] query = sizes(BigVisionLayout.QUERY, 4);
        int[] keys = sizes(BigVisionLayout.KEYS_AND_VALUES, 5);
        int[] down = sizes(BigVisionLayout.DOWN, 3);
        int layers = query[0];
        Limits.check("layers", layers, Limits.MAX_LAYERS);
        int heads = query[1];
        int width = table[1];
        int headDim = query[3];
        boolean gemma2 = shapes.containsKey(BigVisionLayout.POST_ATTENTION_NORM)
                || shapes.containsKey(BigVisionLayout.POST_MLP_NORM);
        boolean is27b = gemma2 && width == WIDTH_27B && heads == HEADS_27B;
        return new TextConfig(
                gemma2 ? Family.GEMMA2 : Family.GEMMA,
                table[0],
                width,
                down[1],
                layers,
                heads,
                keys[2],
                headDim,
                EPS,
                ROPE_THETA,
                is27b ? (double) width / heads : headDim,
                gemma2 ? ATTENTION_SOFTCAP : 0,
                gemma2 ? FINAL_SOFTCAP : 0,
                gemma2 ? SLIDING_WINDOW : 0,
                gemma2 ? alternating(layers) : Collections.nCopies(layers, LayerType.FULL),
                true,
                MAX_POSITIONS);
    }

    private static List<LayerType> alternating(int layers) {
        List<LayerType> types = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            types.add(layer % 2 == 0 ? LayerType.SLIDING : LayerType.FULL);
        }
        return types;
    }

    private int[] sizes(String name, int dimensions) {
        long[] shape = shapes.get(name);
        if (shape == null) {
            throw new CheckpointException(file + " has no array " + name
                    + "; expected a PaliGemma checkpoint of big_vision, or a config.json beside the file");
        }
        if (shape.length != dimensions || Arrays.stream(shape).anyMatch(size -> size < 1 || size > Limits.MAX_VOCAB)) {
            throw new CheckpointException(file + ": array " + name + " has shape " + Arrays.toString(shape)
                    + ", expected " + dimensions + " sizes from 1 to " + Limits.MAX_VOCAB);
        }
        return Arrays.stream(shape).mapToInt(Math::toIntExact).toArray();
    }
}
