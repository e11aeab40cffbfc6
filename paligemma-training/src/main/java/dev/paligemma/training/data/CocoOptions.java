package dev.paligemma.training.data;

import dev.paligemma.detection.LocationScale;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.vision.mask.MaskCodec;
import java.util.Objects;
import java.util.Optional;

/**
 * How annotations of COCO become questions and answers. Immutable.
 *
 * @param masks turns masks into codes, for {@code segment}; empty for {@code detect}
 * @param prompts which names a question has
 * @param scale how places become codes; the one with which answers are read
 * @param keepEmpty whether pictures without any object are kept, with an empty answer; only where a question has all names
 * @param skipBad whether annotations and pictures that are wrong are left out and counted, instead of being an error
 */
public record CocoOptions(
        Optional<MaskCodec> masks, Prompts prompts, LocationScale scale, boolean keepEmpty, boolean skipBad) {

    /** Which names a question has. */
    public enum Prompts {
        /** All categories of the file, in its order: one question for each picture, the same for all. */
        ALL,
        /** The categories of the objects in the picture, in the order of the file: one question for each picture. */
        PRESENT,
        /** One category: a question for each category that is in the picture. */
        EACH
    }

    /**
     * Checks that masks can be turned into codes.
     *
     * @throws FineTuningException if the codec has no encoder
     */
    public CocoOptions {
        Objects.requireNonNull(prompts, "prompts");
        Objects.requireNonNull(scale, "scale");
        CocoMasks.requireEncoder(masks);
    }

    /** Boxes of all categories, pictures without objects left out, everything must be right. */
    public static CocoOptions detection() {
        return new CocoOptions(Optional.empty(), Prompts.ALL, LocationScale.OVER_1024, false, false);
    }

    /** The same with boxes and masks; encoding a mask takes some tens of milliseconds while the file is read. */
    public static CocoOptions segmentation(MaskCodec codec) {
        return new CocoOptions(Optional.of(codec), Prompts.ALL, LocationScale.OVER_1024, false, false);
    }

    /** The same with other names in questions. */
    public CocoOptions withPrompts(Prompts other) {
        return new CocoOptions(masks, other, scale, keepEmpty, skipBad);
    }

    /** The same with another scale of places. */
    public CocoOptions withScale(LocationScale other) {
        return new CocoOptions(masks, prompts, other, keepEmpty, skipBad);
    }

    /** The same, with or without pictures that show no object. */
    public CocoOptions withKeepEmpty(boolean keep) {
        return new CocoOptions(masks, prompts, scale, keep, skipBad);
    }

    /** The same, with or without leaving out what is wrong. */
    public CocoOptions withSkipBad(boolean skip) {
        return new CocoOptions(masks, prompts, scale, keepEmpty, skip);
    }
}
