package dev.paligemma.task;

import dev.paligemma.GenerationRequest;
import dev.paligemma.detection.DetectionOptions;
import dev.paligemma.detection.DetectionParser;
import dev.paligemma.detection.DetectionResult;
import dev.paligemma.prompt.TaskPrompt;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.Objects;

/**
 * Reads answers as boxes, in the pixels of the picture; see {@link Tasks#detect}. Immutable.
 *
 * @param prompt what is asked, of this form or of one that a model was tuned on
 * @param options how boxes are read and which are kept
 */
public record DetectionTask(TaskPrompt prompt, DetectionOptions options) implements Task<DetectionResult> {
    /** The most tokens of an answer: {@value}. Enough for several things: a mask alone takes 21 tokens and its label. */
    public static final int MAX_NEW_TOKENS = 512;

    /**
     * Checks that nothing is null.
     *
     * @param prompt what is asked, of this form or of one that a model was tuned on
     * @param options how boxes are read and which are kept
     */
    public DetectionTask {
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(options, "options");
    }

    /**
     * This task with other options.
     *
     * @param newOptions how boxes are read and which are kept
     * @return the changed task
     */
    public DetectionTask withOptions(DetectionOptions newOptions) {
        return new DetectionTask(prompt, newOptions);
    }

    @Override
    public GenerationRequest.Builder request() {
        return GenerationRequest.builder().task(prompt).maxNewTokens(MAX_NEW_TOKENS);
    }

    /**
     * Refuses requests with several pictures: boxes would be those of one of them, and none knows of which.
     *
     * @throws IllegalArgumentException if there are several
     */
    @Override
    public void check(GenerationRequest request) {
        if (request.imageCount() != 1) {
            throw new IllegalArgumentException("boxes need a request with one image, got " + request.imageCount());
        }
    }

    @Override
    public DetectionResult read(TaskAnswer answer) {
        DetectionParser parser = parser(answer.request(), answer.tokenizer());
        answer.result().tokens().forEach(parser::accept);
        parser.finish();
        return parser.result(answer.result());
    }

    /**
     * Reads an answer while it is written.
     *
     * @param request what was asked, with one picture
     * @param tokenizer that of the model
     * @return a parser of one answer
     */
    public DetectionParser parser(GenerationRequest request, PaliGemmaTokenizer tokenizer) {
        return new DetectionParser(tokenizer, request.imageWidth(0), request.imageHeight(0), options);
    }
}
