package dev.paligemma.evaluation.detection;

import dev.paligemma.vision.mask.CocoRle;
import java.util.Objects;
import java.util.Optional;

/**
 * Something that is in a picture of a data set.
 *
 * @param image the id of the picture
 * @param category the id of what it is
 * @param box where it is
 * @param mask its pixels; empty if only boxes are compared
 * @param area by which it counts as small, medium or large: what the data set says, which for COCO is the area of the mask
 * @param crowd whether it stands for many things of one kind: such an object is not looked for, and what is found in it is
 *     neither right nor wrong
 */
public record CocoObject(
        String image, String category, CocoBox box, Optional<CocoRle> mask, double area, boolean crowd) {
    /** An {@link IllegalArgumentException} if the area is not a number. */
    public CocoObject {
        Objects.requireNonNull(image, "image");
        Objects.requireNonNull(category, "category");
        Objects.requireNonNull(box, "box");
        Objects.requireNonNull(mask, "mask");
        if (Double.isNaN(area)) {
            throw new IllegalArgumentException("the area of an object must be a number, not NaN");
        }
    }

    /** A single thing with a box, and the area of that box. */
    public static CocoObject of(String image, String category, CocoBox box) {
        return new CocoObject(image, category, box, Optional.empty(), box.area(), false);
    }
}
