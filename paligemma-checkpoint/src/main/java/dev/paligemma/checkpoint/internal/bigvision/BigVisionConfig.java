package dev.paligemma.checkpoint.internal.bigvision;

import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.config.TextConfig;
import dev.paligemma.checkpoint.config.TextConfig.Family;
import dev.paligemma.checkpoint.config.VisionConfig;
import dev.paligemma.checkpoint.internal.Limits;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * Infers a configuration from the shapes of the arrays of a big_vision checkpoint. What shapes do not tell is as in the
 * published models of the family.
 */
record BigVisionConfig(Path file, Map<String, long[]> shapes) {
    /**
     * The configuration that follows from the shapes of the arrays, whose names are without {@code params/}; fails if
     * one that tells a size is missing, or a size is absurd.
     */
    public static PaliGemmaConfig infer(Path file, Map<String, long[]> shapes) {
        BigVisionConfig config = new BigVisionConfig(file, shapes);
        try {
            return PaliGemmaConfig.of(config.vision(), config.text(), null);
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
                query[1], mlp[2], mlp[0], query[2], Math.multiplyExact(side, patches[0]), patches[0], TextConfig.EPS);
    }

    private TextConfig text() {
        int[] table = sizes(BigVisionLayout.EMBEDDING, 2);
        int[] query = sizes(BigVisionLayout.QUERY, 4);
        int[] keys = sizes(BigVisionLayout.KEYS_AND_VALUES, 5);
        int[] down = sizes(BigVisionLayout.DOWN, 3);
        int layers = query[0];
        Limits.check("layers", layers, Limits.MAX_LAYERS);
        boolean gemma2 = shapes.containsKey(BigVisionLayout.POST_ATTENTION_NORM)
                || shapes.containsKey(BigVisionLayout.POST_MLP_NORM);
        Family family = gemma2 ? Family.GEMMA2 : Family.GEMMA;
        TextConfig.Sizes sizes = new TextConfig.Sizes(table[0], table[1], down[1], layers, query[1], keys[2], query[3]);
        return TextConfig.of(family, sizes, GemmaModel.queryScalar(family, sizes));
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
