package dev.paligemma.generation.internal;

import dev.paligemma.detection.AnswerPart;
import dev.paligemma.detection.Detection;
import dev.paligemma.detection.DetectionParser;
import dev.paligemma.detection.Fragment;
import dev.paligemma.detection.LocationCodes;
import dev.paligemma.detection.LocationScale;
import java.util.ArrayList;
import java.util.List;

/**
 * A box as the model writes it, right or not: four location codes and a label. Immutable.
 *
 * @param top upper edge in 1/1024 of the image's height, 0 to 1023
 * @param left left edge in 1/1024 of the image's width, 0 to 1023
 * @param bottom lower edge, like {@code top}; may be above it
 * @param right right edge, like {@code left}; may be left of it
 * @param label what is in the box, without surrounding blanks; may be empty
 */
record LocatedBox(int top, int left, int bottom, int right, String label) {
    private static final LocationScale SCALE = LocationScale.OVER_1024;

    /** The boxes of an answer in their order, also those with swapped edges; what is no box is skipped. */
    static List<LocatedBox> parse(String answer) {
        List<LocatedBox> boxes = new ArrayList<>();
        // In a picture of this size a pixel is a location code.
        for (AnswerPart part :
                DetectionParser.parse(answer, SCALE.divisor(), SCALE.divisor()).parts()) {
            if (part instanceof Detection found) {
                boxes.add(new LocatedBox(
                        found.pixels().top(),
                        found.pixels().left(),
                        found.pixels().bottom(),
                        found.pixels().right(),
                        found.label()));
            } else if (part instanceof Fragment fragment && fragment.codes() != null) {
                LocationCodes codes = fragment.codes();
                boxes.add(new LocatedBox(codes.top(), codes.left(), codes.bottom(), codes.right(), fragment.label()));
            }
        }
        return boxes;
    }

    /** Intersection over union, from 0 to 1; 1 for equal edges even if there is no area between them. */
    double iou(LocatedBox other) {
        LocationCodes codes = codes();
        LocationCodes otherCodes = other.codes();
        if (codes.equals(otherCodes)) {
            return 1;
        }
        // A box with swapped edges has no area, whatever its numbers say.
        return codes.isInverted() || otherCodes.isInverted()
                ? 0
                : codes.toBox(SCALE).iou(otherCodes.toBox(SCALE));
    }

    private LocationCodes codes() {
        return new LocationCodes(top, left, bottom, right);
    }
}
