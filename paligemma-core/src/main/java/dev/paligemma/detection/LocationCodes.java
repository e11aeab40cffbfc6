package dev.paligemma.detection;

import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.Objects;

/**
 * The four location codes of a box, in the model's order; nothing keeps the model from writing edges the wrong way round.
 *
 * @param top first code: the upper edge, 0 to 1023
 * @param left second code: the left edge, 0 to 1023
 * @param bottom third code: the lower edge, 0 to 1023
 * @param right fourth code: the right edge, 0 to 1023
 */
public record LocationCodes(int top, int left, int bottom, int right) {
    /** Checks the codes; an {@link IndexOutOfBoundsException} if one is out of its range. */
    public LocationCodes {
        Objects.checkIndex(top, PaliGemmaTokenizer.LOCATIONS);
        Objects.checkIndex(left, PaliGemmaTokenizer.LOCATIONS);
        Objects.checkIndex(bottom, PaliGemmaTokenizer.LOCATIONS);
        Objects.checkIndex(right, PaliGemmaTokenizer.LOCATIONS);
    }

    /** Whether the lower edge is above the upper one, or the right edge left of the left one. */
    public boolean isInverted() {
        return bottom < top || right < left;
    }

    /**
     * How much two boxes share: the area of the intersection over that of the union, from 0 to 1; 1 for equal codes
     * even if there is no area between them, 0 if others are {@linkplain #isInverted inverted}.
     */
    public double iou(LocationCodes other) {
        if (equals(other)) {
            return 1;
        }
        // A box with swapped edges has no area, whatever its numbers say.
        return isInverted() || other.isInverted()
                ? 0
                : toBox(LocationScale.OVER_1024).iou(other.toBox(LocationScale.OVER_1024));
    }

    /**
     * The box, without area if two opposite edges are equal.
     *
     * @throws IllegalArgumentException if the edges are the wrong way round
     */
    public BoundingBox toBox(LocationScale scale) {
        return new BoundingBox(
                scale.fraction(left), scale.fraction(top), scale.fraction(right), scale.fraction(bottom));
    }
}
