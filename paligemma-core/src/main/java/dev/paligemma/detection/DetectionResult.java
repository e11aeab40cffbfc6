package dev.paligemma.detection;

import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/** The boxes of an answer, and all else the model wrote. Immutable and thread-safe. */
public final class DetectionResult {
    private final List<AnswerPart> parts;
    private final List<Detection> detections;
    private final List<Detection> discarded;
    private final String rawText;
    private final int imageWidth;
    private final int imageHeight;

    DetectionResult(List<AnswerPart> parts, String rawText, int imageWidth, int imageHeight, DetectionOptions options) {
        this.parts = List.copyOf(parts);
        this.rawText = rawText;
        this.imageWidth = imageWidth;
        this.imageHeight = imageHeight;
        List<Detection> written = only(Detection.class);
        List<Detection> confident = written.stream()
                .filter(detection -> isConfident(detection, options))
                .toList();
        BitSet kept = NonMaximumSuppression.kept(confident, options.maxIou());
        // By place, not by equality: the model may write the very same box twice.
        BitSet keptOfWritten = new BitSet();
        int place = 0;
        for (int i = 0; i < written.size(); i++) {
            if (isConfident(written.get(i), options)) {
                keptOfWritten.set(i, kept.get(place++));
            }
        }
        this.detections = select(written, keptOfWritten, true);
        this.discarded = select(written, keptOfWritten, false);
    }

    /** Whether a box reaches the limit; without a limit, boxes of unknown confidence do too. */
    static boolean isConfident(Detection detection, DetectionOptions options) {
        return options.minConfidence() == 0 || detection.confidence() >= options.minConfidence();
    }

    private static List<Detection> select(List<Detection> written, BitSet kept, boolean wanted) {
        return IntStream.range(0, written.size())
                .filter(i -> kept.get(i) == wanted)
                .mapToObj(written::get)
                .toList();
    }

    private <T extends AnswerPart> List<T> only(Class<T> type) {
        return parts.stream().filter(type::isInstance).map(type::cast).toList();
    }

    /**
     * The boxes that the options keep.
     *
     * @return in the order in which they were written
     */
    public List<Detection> detections() {
        return detections;
    }

    /**
     * The boxes that the options set aside, as too unsure or as overlapping a better one.
     *
     * @return in the order in which they were written; empty with the default options
     */
    public List<Detection> discarded() {
        return discarded;
    }

    /**
     * What the model wrote besides boxes and separators.
     *
     * @return in the order in which it was written; empty if the whole answer was understood
     */
    public List<Fragment> fragments() {
        return only(Fragment.class);
    }

    /**
     * Everything in the answer but separators (blanks and semicolons): boxes, kept or not, and fragments.
     *
     * @return in the order in which they begin; a fragment of segmentation codes may lie inside a box's piece
     */
    public List<AnswerPart> parts() {
        return parts;
    }

    /**
     * What the model wrote, location and segmentation codes spelled out.
     *
     * @return the whole text, not trimmed
     */
    public String rawText() {
        return rawText;
    }

    /**
     * The width of the picture that pixel boxes refer to.
     *
     * @return in pixels
     */
    public int imageWidth() {
        return imageWidth;
    }

    /**
     * The height of the picture that pixel boxes refer to.
     *
     * @return in pixels
     */
    public int imageHeight() {
        return imageHeight;
    }

    /** Returns how many boxes there are, and the text. */
    @Override
    public String toString() {
        return "DetectionResult[" + detections.size() + " of " + (detections.size() + discarded.size()) + " boxes, "
                + fragments().size() + " fragments, " + imageWidth + "x" + imageHeight + ": " + rawText + "]";
    }
}
