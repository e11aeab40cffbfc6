package dev.paligemma.detection;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** The boxes of an answer, and all else the model wrote, as {@link DetectionParser} reads it. Immutable and thread-safe. */
public sealed class ParsedAnswer permits DetectionResult {
    private final List<AnswerPart> parts;
    private final List<Detection> detections;
    private final List<Detection> discarded;
    private final String rawText;
    private final int imageWidth;
    private final int imageHeight;

    ParsedAnswer(List<AnswerPart> parts, String rawText, int imageWidth, int imageHeight, DetectionOptions options) {
        this.parts = List.copyOf(parts);
        this.rawText = rawText;
        this.imageWidth = imageWidth;
        this.imageHeight = imageHeight;
        List<Detection> written = only(Detection.class);
        List<Detection> confident = written.stream()
                .filter(detection -> isConfident(detection, options))
                .toList();
        // By identity: the model may write the very same box twice.
        Set<Detection> kept = Collections.newSetFromMap(new IdentityHashMap<>());
        kept.addAll(NonMaximumSuppression.apply(confident, options.maxIou()));
        this.detections = written.stream().filter(kept::contains).toList();
        this.discarded =
                written.stream().filter(detection -> !kept.contains(detection)).toList();
    }

    /** Whether a box reaches the limit; without a limit, boxes of unknown confidence do too. */
    static boolean isConfident(Detection detection, DetectionOptions options) {
        return options.minConfidence() == 0 || detection.confidence() >= options.minConfidence();
    }

    private <T extends AnswerPart> List<T> only(Class<T> type) {
        return parts.stream().filter(type::isInstance).map(type::cast).toList();
    }

    /** The boxes that the options keep, in the order in which they were written. */
    public final List<Detection> detections() {
        return detections;
    }

    /**
     * The boxes that the options set aside, as too unsure or as overlapping a better one, in the order in which they
     * were written; empty with the default options.
     */
    public final List<Detection> discarded() {
        return discarded;
    }

    /**
     * What the model wrote besides boxes and separators, in the order in which it was written; empty if the whole
     * answer was understood.
     */
    public final List<Fragment> fragments() {
        return only(Fragment.class);
    }

    /**
     * Everything in the answer but separators (blanks and semicolons): boxes, kept or not, and fragments, in the order
     * in which they begin; a fragment of segmentation codes may lie inside a box's piece.
     */
    public final List<AnswerPart> parts() {
        return parts;
    }

    /** What the model wrote, location and segmentation codes spelled out: the whole text, not trimmed. */
    public final String rawText() {
        return rawText;
    }

    /** The width of the picture that pixel boxes refer to, in pixels. */
    public final int imageWidth() {
        return imageWidth;
    }

    /** The height of the picture that pixel boxes refer to, in pixels. */
    public final int imageHeight() {
        return imageHeight;
    }

    /** Returns how many boxes there are, and the text. */
    @Override
    public final String toString() {
        return getClass().getSimpleName() + "[" + detections.size() + " of " + (detections.size() + discarded.size())
                + " boxes, " + fragments().size() + " fragments, " + imageWidth + "x" + imageHeight + ": " + rawText
                + "]";
    }
}
