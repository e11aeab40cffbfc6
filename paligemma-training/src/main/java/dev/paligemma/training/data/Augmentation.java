package dev.paligemma.training.data;

import dev.paligemma.detection.LocationScale;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.vision.mask.MaskCodec;
import java.util.Objects;
import java.util.Optional;

/**
 * Random changes of pictures, by which few examples last longer; boxes in answers move along. Nothing is on by default.
 * Immutable.
 *
 * <p>What changes follows from the seed, the epoch and the place of the example. Flips, crops and shrinking leave an example
 * alone where they would make it wrong: if it has several pictures, if its prefix names places, or if its suffix does so in
 * another form than a list of boxes. Boxes are right to half a pixel of the picture.
 *
 * @param flip how likely a picture is mirrored, 0 to 1. Printed words are mirrored with it; an example that says left or
 *     right is not, unless {@code flipSides}
 * @param flipSides whether pictures are mirrored even if their texts say left or right
 * @param crop the smallest share of each side that is kept, above 0 to 1; a box of which less than {@code keep} remains is
 *     dropped from the answer, and a crop that would drop all is not made
 * @param keep which share of its area a box must keep, 0 to 1
 * @param shrink the smallest size to which a picture is shrunk, as a share of its sides, above 0 to 1; the rest around it is
 *     grey
 * @param brightness by how much brightness may change, 0 to 1: 0.2 for factors of 0.8 to 1.2
 * @param contrast by how much contrast may change, 0 to 1
 * @param saturation by how much saturation may change, 0 to 1
 * @param scale how places became codes
 * @param masks encodes masks again that were mirrored or cut; without it, examples with masks are not mirrored, and cropped
 *     only where no box is cut
 */
public record Augmentation(
        double flip,
        boolean flipSides,
        double crop,
        double keep,
        double shrink,
        double brightness,
        double contrast,
        double saturation,
        LocationScale scale,
        Optional<MaskCodec> masks) {
    private static final Augmentation NONE =
            new Augmentation(0, false, 1, 0.4, 1, 0, 0, 0, LocationScale.OVER_1024, Optional.empty());

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is out of its range
     * @throws FineTuningException if the codec has no encoder
     */
    public Augmentation {
        Objects.requireNonNull(scale, "scale");
        share("flip", flip, true);
        share("crop", crop, false);
        share("keep", keep, true);
        share("shrink", shrink, false);
        share("brightness", brightness, true);
        share("contrast", contrast, true);
        share("saturation", saturation, true);
        CocoMasks.requireEncoder(masks);
    }

    private static void share(String name, double value, boolean orZero) {
        if (!((value > 0 && value <= 1) || (orZero && value == 0))) {
            throw new IllegalArgumentException(
                    name + " must be " + (orZero ? "0 to 1" : "above 0 and at most 1") + ", got " + value);
        }
    }

    /** Nothing changes. */
    public static Augmentation none() {
        return NONE;
    }

    /** Whether nothing changes. */
    public boolean isNone() {
        return flip == 0 && crop == 1 && shrink == 1 && brightness == 0 && contrast == 0 && saturation == 0;
    }

    /** The same with another probability of mirroring. */
    public Augmentation withFlip(double probability) {
        return new Augmentation(
                probability, flipSides, crop, keep, shrink, brightness, contrast, saturation, scale, masks);
    }

    /** The same, with or without mirroring where texts say left or right. */
    public Augmentation withFlipSides(boolean allowed) {
        return new Augmentation(flip, allowed, crop, keep, shrink, brightness, contrast, saturation, scale, masks);
    }

    /** The same with another smallest crop. */
    public Augmentation withCrop(double smallest) {
        return new Augmentation(
                flip, flipSides, smallest, keep, shrink, brightness, contrast, saturation, scale, masks);
    }

    /** The same with another share of its area that a box must keep. */
    public Augmentation withKeep(double area) {
        return new Augmentation(flip, flipSides, crop, area, shrink, brightness, contrast, saturation, scale, masks);
    }

    /** The same with another smallest size. */
    public Augmentation withShrink(double smallest) {
        return new Augmentation(flip, flipSides, crop, keep, smallest, brightness, contrast, saturation, scale, masks);
    }

    /** The same with other changes of colour: brightness, contrast and saturation, each 0 to 1. */
    public Augmentation withColour(double newBrightness, double newContrast, double newSaturation) {
        return new Augmentation(
                flip, flipSides, crop, keep, shrink, newBrightness, newContrast, newSaturation, scale, masks);
    }

    /** The same for another scale of places. */
    public Augmentation withScale(LocationScale other) {
        return new Augmentation(flip, flipSides, crop, keep, shrink, brightness, contrast, saturation, other, masks);
    }

    /** The same with a codec for masks; a {@link FineTuningException} if it has no encoder. */
    public Augmentation withMasks(MaskCodec codec) {
        return new Augmentation(
                flip, flipSides, crop, keep, shrink, brightness, contrast, saturation, scale, Optional.of(codec));
    }
}
