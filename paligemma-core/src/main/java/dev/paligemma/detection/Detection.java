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
 * <p><b>Confidence</b> is the probability that the box is right, by what the model thought while it wrote it:
 * {@code s * m1 * m2 * m3 * m4 * p * l}.
 * <ul>
 *   <li>{@code p}: the probability that a box whose four edges are drawn from the distributions of the four location tokens,
 *       each by itself, has an intersection over union of at least 1/2 with the box that was written. Codes beside the
 *       written ones count: they are the same box. Of a box without area, only the equal one counts.
 *   <li>{@code m1} to {@code m4}: the probability that the model writes a location at all, at each of the four, and not
 *       the end of the answer, say.
 *   <li>{@code s}: the product of the probabilities of the tokens that wrote the semicolon and blanks in front of the box:
 *       that there is another one. 1 where there are none.
 *   <li>{@code l}: the product of the probabilities of all tokens that wrote a visible character of the label. 1 without
 *       a label.
 * </ul>
 *
 * <p>Probabilities are those of the model, from a softmax over the raw logits: how tokens were chosen changes none of them,
 * and what a constraint forbade counts against the box. Segmentation codes do not count. There is no constant in it that
 * was fitted to anything; whether one in ten boxes of confidence 0.9 is wrong depends on the model.
 *
 * <p><b>Spread</b> says how sure the model is of each edge: the standard deviation of its location token's distribution.
 *
 * @param label what it is, without surrounding blanks; empty if the model wrote none, as after a referring expression
 * @param box where it is, in fractions of the picture
 * @param pixels where it is, in pixels of the original picture; empty if the box is thinner than a pixel
 * @param codes where it is, as the model wrote it; empty for a detection that was not read from an answer
 * @param confidence 0 to 1, as above; NaN if unknown, as when the answer was parsed from text or tokens have no {@link
 *     GeneratedToken#location}
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
