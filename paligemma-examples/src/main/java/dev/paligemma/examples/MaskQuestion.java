package dev.paligemma.examples;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.vision.mask.BitMask;
import dev.paligemma.vision.mask.CocoRle;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A question about the shapes in a drawn scene, which are known to the pixel.
 *
 * @param file name of the picture, relative to the folder of {@code segments.jsonl}
 * @param prompt the whole prompt
 * @param expected what the model should write
 * @param masks the pixels of each thing asked for, in the order of the answer; none for things that are not there
 */
record MaskQuestion(String file, String prompt, String expected, List<BitMask> masks) {
    MaskQuestion {
        if (file.isEmpty() || prompt.isEmpty()) {
            throw new IllegalArgumentException("a question about shapes needs file and prompt");
        }
        masks = List.copyOf(masks);
    }

    /**
     * Reads the questions of {@code segments.jsonl} in a folder, in order: one JSON object per line, masks as compressed COCO
     * run lengths.
     *
     * @throws IOException if the file cannot be read
     * @throws PaliGemmaException if a line is not such an object
     */
    static List<MaskQuestion> readAll(Path folder) throws IOException {
        return Scene.readLines(folder.resolve("segments.jsonl"), MaskQuestion::of);
    }

    private static MaskQuestion of(JsonObject line) {
        List<@Nullable Object> masks = line.listOrNull("masks");
        return new MaskQuestion(
                Scene.text(line, "file"),
                Scene.text(line, "prompt"),
                Scene.text(line, "expected"),
                masks == null
                        ? List.of()
                        : masks.stream().map(MaskQuestion::mask).toList());
    }

    /** {@code {"size": [height, width], "counts": "..."}}, as pycocotools writes it. */
    private static BitMask mask(@Nullable Object mask) {
        if (mask instanceof Map<?, ?> rle
                && rle.get("size") instanceof List<?> size
                && size.size() == 2
                && size.get(0) instanceof Long height
                && size.get(1) instanceof Long width) {
            return CocoRle.parse(Math.toIntExact(width), Math.toIntExact(height), String.valueOf(rle.get("counts")))
                    .toMask();
        }
        throw new IllegalArgumentException("a mask needs size, height and width, and counts");
    }
}
