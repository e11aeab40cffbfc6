package dev.paligemma.evaluation.detection;

import dev.paligemma.vision.mask.CocoRle;
import java.util.Objects;
import java.util.Optional;

/**
 * Something that was found in a picture.
 *
 * @param image the id of the picture
 * @param category the id of what it is said to be
 * @param box where it is
 * @param mask its pixels; empty if only boxes are compared
 * @param area by which it counts as small, medium or large if it is wrong
 * @param score how sure the finder is: any finite number, larger is surer
 */
public record CocoDetection(
        String image, String category, CocoBox box, Optional<CocoRle> mask, double area, double score) {
    /** An {@link IllegalArgumentException} if score or area is not finite. */
    public CocoDetection {
        Objects.requireNonNull(image, "image");
        Objects.requireNonNull(category, "category");
        Objects.requireNonNull(box, "box");
        Objects.requireNonNull(mask, "mask");
        if (!Double.isFinite(score) || !Double.isFinite(area)) {
            throw new IllegalArgumentException(
                    "score and area of a detection must be finite, got " + score + " and " + area);
        }
    }

    /** A box with its own area. */
    public static CocoDetection of(String image, String category, CocoBox box, double score) {
        return new CocoDetection(image, category, box, Optional.empty(), box.area(), score);
    }
}
