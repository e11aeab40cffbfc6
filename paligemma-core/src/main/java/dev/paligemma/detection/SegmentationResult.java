package dev.paligemma.detection;

import dev.paligemma.vision.mask.MaskCodec;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a model wrote about the shapes of things in a picture. Immutable and thread-safe.
 *
 * @param segments the things that were found, with their shapes if the weights of the mask decoder are there
 * @param answer the answer itself: boxes, raw text and what could not be read
 */
public record SegmentationResult(List<Segment> segments, DetectionResult answer) {
    /**
     * Copies the list.
     *
     * @param segments the things that were found, with their shapes if the weights of the mask decoder are there
     * @param answer the answer itself: boxes, raw text and what could not be read
     */
    public SegmentationResult {
        segments = List.copyOf(segments);
        Objects.requireNonNull(answer, "answer");
    }

    /**
     * The kept boxes of an answer, with their masks.
     *
     * @param answer what the model wrote
     * @param codec the mask decoder, or null if its weights are not there: then no segment has a mask
     * @return the result
     */
    public static SegmentationResult of(DetectionResult answer, @Nullable MaskCodec codec) {
        return new SegmentationResult(Segment.of(answer, codec), answer);
    }
}
