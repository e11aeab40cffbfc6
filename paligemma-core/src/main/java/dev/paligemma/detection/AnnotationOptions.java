package dev.paligemma.detection;

import dev.paligemma.detection.internal.Stroke;
import java.util.Objects;

/**
 * How {@link Annotations} are drawn. Immutable and thread-safe.
 *
 * @param colourBy what shares a colour; default {@link ColourBy#AUTO}
 * @param labels whether each thing has a tag with its label; default true
 * @param confidence whether a tag has the confidence, where it is known; default true
 * @param maskOpacity how much of a mask's colour covers the picture, 0 (none) to 1 (all); default 0.5
 * @param lineWidth of frames and outlines, 1 to {@value #MAX_LINE_WIDTH} pixels; default 0, which means that it grows with the
 *     picture: about a 270th of the shorter side
 * @param textSize of the tags where there is room, 1 to {@value #MAX_TEXT_SIZE} pixels; default 0, which means that it grows with
 *     the picture: about a 34th of the shorter side. On crowded pictures letters become smaller
 */
public record AnnotationOptions(
        ColourBy colourBy, boolean labels, boolean confidence, double maskOpacity, int lineWidth, int textSize) {
    /** The widest line, in pixels. */
    public static final int MAX_LINE_WIDTH = Stroke.THICKEST;

    /** The largest letters, in pixels. */
    public static final int MAX_TEXT_SIZE = 1000;

    private static final AnnotationOptions DEFAULTS = new AnnotationOptions(ColourBy.AUTO, true, true, 0.5, 0, 0);

    /** What shares a colour. */
    public enum ColourBy {
        /** Things of one label, if the picture has several labels; else each thing has its own. */
        AUTO,
        /** Things of one label, which is the same colour in other pictures. */
        LABEL,
        /** Nothing: each thing has its own colour, up to 24 of them. */
        INSTANCE
    }

    /** Checks the figures; an {@link IllegalArgumentException} if one is out of its range. */
    public AnnotationOptions {
        Objects.requireNonNull(colourBy, "colourBy");
        DetectionOptions.requireFraction("maskOpacity", maskOpacity);
        require("lineWidth", lineWidth, MAX_LINE_WIDTH);
        require("textSize", textSize, MAX_TEXT_SIZE);
    }

    /** The default options. */
    public static AnnotationOptions defaults() {
        return DEFAULTS;
    }

    /** These options with another sharing of colours. */
    public AnnotationOptions withColourBy(ColourBy sharing) {
        return new AnnotationOptions(sharing, labels, confidence, maskOpacity, lineWidth, textSize);
    }

    /** These options with tags, or without any. */
    public AnnotationOptions withLabels(boolean shown) {
        return new AnnotationOptions(colourBy, shown, confidence, maskOpacity, lineWidth, textSize);
    }

    /** These options with the confidence in the tags, or without it. */
    public AnnotationOptions withConfidence(boolean shown) {
        return new AnnotationOptions(colourBy, labels, shown, maskOpacity, lineWidth, textSize);
    }

    /** These options with another opacity of masks, 0 to 1. */
    public AnnotationOptions withMaskOpacity(double opacity) {
        return new AnnotationOptions(colourBy, labels, confidence, opacity, lineWidth, textSize);
    }

    /** These options with another width of lines in pixels; 0 means that it grows with the picture. */
    public AnnotationOptions withLineWidth(int pixels) {
        return new AnnotationOptions(colourBy, labels, confidence, maskOpacity, pixels, textSize);
    }

    /** These options with letters of another size in pixels; 0 means that it grows with the picture. */
    public AnnotationOptions withTextSize(int pixels) {
        return new AnnotationOptions(colourBy, labels, confidence, maskOpacity, lineWidth, pixels);
    }

    private static void require(String name, int value, int most) {
        if (value < 0 || value > most) {
            throw new IllegalArgumentException(name + " must be 0 to " + most + ", not " + value);
        }
    }
}
