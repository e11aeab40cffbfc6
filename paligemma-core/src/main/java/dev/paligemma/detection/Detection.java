package dev.paligemma.detection;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.vision.PixelBox;
import dev.paligemma.vision.mask.MaskCodec;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A thing the model found: its name and its box in the picture. Immutable and thread-safe.
 *
 * <p><b>Confidence</b> is the geometric mean of the probabilities of the tokens that wrote the box and its label,
 * {@code exp((ln p(1) + ... + ln p(n)) / n)}, over the four location tokens and every token that wrote a visible character
 * of the label. Separators, blanks and segmentation codes do not count. It ranks boxes; it is not calibrated: a confidence
 * of 0.8 does not mean that four of five such boxes are right.
 *
 * <p><b>Spread</b> says how sure the model is of each edge: the standard deviation of its location token's distribution.
 *
 * @param label what it is, without surrounding blanks; empty if the model wrote none, as after a referring expression
 * @param box where it is, in fractions of the picture
 * @param pixels where it is, in pixels of the original picture; empty if the box is thinner than a pixel
 * @param codes where it is, as the model wrote it; empty for a detection that was not read from an answer
 * @param confidence 0 to 1, as above; NaN if unknown, as when the answer was parsed from text
 * @param expected the mean of each edge's distribution, finer than the codes; NaN where unknown
 * @param spread the standard deviation of each edge's distribution; NaN where unknown
 * @param segmentationCodes the codes of the mask, sixteen of 0 to 127; empty if the model wrote none or not enough
 * @param piece what was written, and where
 */
public record Detection(
        String label,
        BoundingBox box,
        PixelBox pixels,
        Optional<LocationCodes> codes,
        double confidence,
        Edges expected,
        Edges spread,
        List<Integer> segmentationCodes,
        AnswerSpan piece)
        implements AnswerPart {
    /**
     * One figure for each edge of a box, in fractions of the picture's width (left, right) or height (top, bottom).
     *
     * @param left of the left edge; NaN if unknown, like the others
     * @param top of the upper edge
     * @param right of the right edge
     * @param bottom of the lower edge
     */
    public record Edges(double left, double top, double right, double bottom) {
        /** Nothing is known. */
        static final Edges UNKNOWN = new Edges(Double.NaN, Double.NaN, Double.NaN, Double.NaN);

        /** The mean of the four figures; NaN if a figure is unknown. */
        public double mean() {
            return (left + top + right + bottom) / 4;
        }
    }

    /**
     * Checks the figures and copies the list.
     *
     * @throws IllegalArgumentException if the confidence is out of its range or there are neither 0 nor 16 segmentation
     *     codes
     * @throws IndexOutOfBoundsException if a segmentation code is not 0 to 127
     */
    public Detection {
        Objects.requireNonNull(label, "label");
        Objects.requireNonNull(box, "box");
        Objects.requireNonNull(pixels, "pixels");
        Objects.requireNonNull(codes, "codes");
        Objects.requireNonNull(expected, "expected");
        Objects.requireNonNull(spread, "spread");
        Objects.requireNonNull(piece, "piece");
        if (confidence < 0 || confidence > 1) {
            throw new IllegalArgumentException("confidence must be 0 to 1 or NaN, not " + confidence);
        }
        segmentationCodes = List.copyOf(segmentationCodes);
        if (!segmentationCodes.isEmpty() && segmentationCodes.size() != MaskCodec.CODES) {
            throw new IllegalArgumentException(
                    "a mask has " + MaskCodec.CODES + " segmentation codes, not " + segmentationCodes.size());
        }
        segmentationCodes.forEach(code -> Objects.checkIndex(code, PaliGemmaTokenizer.SEGMENTATION_CODES));
    }

    /**
     * A detection that was not read from an answer, such as one merged from several, without tokens, spread and mask.
     *
     * @param imageWidth in pixels, at least 1
     * @param imageHeight in pixels, at least 1
     * @param confidence 0 to 1, or NaN if unknown
     * @throws IllegalArgumentException if a side is less than 1 or the confidence is out of its range
     */
    public static Detection of(String label, BoundingBox box, int imageWidth, int imageHeight, double confidence) {
        return new Detection(
                label,
                box,
                box.toPixels(imageWidth, imageHeight),
                Optional.empty(),
                confidence,
                Edges.UNKNOWN,
                Edges.UNKNOWN,
                List.of(),
                AnswerSpan.NONE);
    }

    /**
     * The tokens that wrote this detection, in order: locations, segmentation codes and label; empty if the answer was
     * parsed from text.
     */
    public List<GeneratedToken> tokens() {
        return piece.tokens();
    }

    /** Whether the model wrote a mask. */
    public boolean hasMask() {
        return !segmentationCodes.isEmpty();
    }
}
