package dev.paligemma.detection;

import dev.paligemma.generation.GenerationResult;
import java.util.List;
import java.util.Objects;

/** The boxes that a model wrote, and the whole answer behind them. Immutable and thread-safe. */
public final class DetectionResult extends ParsedAnswer {
    private final GenerationResult generation;

    DetectionResult(
            List<AnswerPart> parts,
            String rawText,
            int imageWidth,
            int imageHeight,
            DetectionOptions options,
            GenerationResult generation) {
        super(parts, rawText, imageWidth, imageHeight, options);
        this.generation = Objects.requireNonNull(generation, "generation");
    }

    /** The answer as it was written: text, tokens and their probabilities, why it ended, and timings. */
    public GenerationResult generation() {
        return generation;
    }
}
