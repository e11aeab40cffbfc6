package dev.paligemma.detection;

import java.util.Objects;

/**
 * How boxes are read and which are kept. Immutable and thread-safe.
 *
 * @param locationScale how location codes become fractions; default {@link LocationScale#OVER_1024}
 * @param minConfidence boxes below this {@linkplain Detection confidence} are set aside, 0 to 1; default 0, all are kept
 * @param maxIou of boxes with one label that overlap by more than this intersection over union, only the most confident
 *     is kept, 0 to 1; default 1, all are kept. See {@link NonMaximumSuppression}
 */
public record DetectionOptions(LocationScale locationScale, double minConfidence, double maxIou) {
    private static final DetectionOptions DEFAULTS = new DetectionOptions(LocationScale.OVER_1024, 0, 1);

    /** Checks the limits; an {@link IllegalArgumentException} if one is out of its range. */
    public DetectionOptions {
        Objects.requireNonNull(locationScale, "locationScale");
        requireFraction("minConfidence", minConfidence);
        requireFraction("maxIou", maxIou);
    }

    /** The default options: codes over 1024, all boxes kept. */
    public static DetectionOptions defaults() {
        return DEFAULTS;
    }

    /** These options with another scale of the codes. */
    public DetectionOptions withLocationScale(LocationScale scale) {
        return new DetectionOptions(scale, minConfidence, maxIou);
    }

    /** These options with another lowest confidence to keep, 0 to 1. */
    public DetectionOptions withMinConfidence(double confidence) {
        return new DetectionOptions(locationScale, confidence, maxIou);
    }

    /** These options with another highest intersection over union of two boxes with one label, 0 to 1. */
    public DetectionOptions withMaxIou(double iou) {
        return new DetectionOptions(locationScale, minConfidence, iou);
    }

    static void requireFraction(String name, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(name + " must be 0 to 1, not " + value);
        }
    }
}
