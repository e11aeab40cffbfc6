package dev.paligemma.detection;

import dev.paligemma.generation.GenerationResult;
import dev.paligemma.vision.mask.MaskCodec;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What a model wrote about the shapes of things in a picture. Immutable and thread-safe.
 *
 * @param segments the things that were found, with their shapes if the weights of the mask decoder are there
 * @param answer the answer itself: boxes, raw text and what could not be read
 */
public record SegmentationResult(List<Segment> segments, DetectionResult answer) {
    /** Copies the list. */
    public SegmentationResult {
        segments = List.copyOf(segments);
        Objects.requireNonNull(answer, "answer");
    }

    /** The kept boxes of an answer, with their masks; without the mask decoder, no segment has one. */
    public static SegmentationResult of(DetectionResult answer, Optional<MaskCodec> codec) {
        return new SegmentationResult(Segment.of(answer, codec), answer);
    }

    /** The answer as it was written: text, tokens and their probabilities, why it ended, and timings. */
    public GenerationResult generation() {
        return answer.generation();
    }
}
