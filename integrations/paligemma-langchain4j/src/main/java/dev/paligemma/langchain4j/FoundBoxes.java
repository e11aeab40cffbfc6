package dev.paligemma.langchain4j;

import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.detection.DetectionParser;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.task.TaskRunner;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.Optional;

/** Looks for boxes in an answer to any prompt. Stateless. */
final class FoundBoxes {
    private FoundBoxes() {}

    /** The answer read as boxes; empty if it has no location in it, or is about several pictures. */
    static Optional<DetectionResult> in(TaskRunner runner, GenerationRequest request, GenerationResult result) {
        if (request.imageCount() != 1) {
            return Optional.empty();
        }
        PaliGemmaTokenizer tokenizer = runner.tokenizer(request);
        if (result.tokens().stream().noneMatch(token -> tokenizer.locationIndex(token.id()) >= 0)) {
            return Optional.empty();
        }
        DetectionParser parser = new DetectionParser(
                tokenizer, request.imageWidth(0), request.imageHeight(0), DetectionOptions.defaults());
        result.tokens().forEach(parser::accept);
        parser.finish();
        return Optional.of(parser.result(result));
    }
}
