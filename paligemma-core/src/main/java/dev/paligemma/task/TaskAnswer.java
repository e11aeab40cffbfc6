package dev.paligemma.task;

import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.vision.mask.MaskCodec;
import java.util.List;
import java.util.Optional;

/**
 * What a task reads: an answer, the request behind it, and what it takes to understand it. Immutable and thread-safe.
 *
 * @param request what was asked, which need not be as the task began it
 * @param result what the model wrote; of given answers, the most likely one
 * @param scores how likely the {@linkplain Task#givenAnswers given answers} are, in their order; empty if the model wrote one
 * @param tokenizer that of the request: of its adapter or of the model
 * @param maskCodec the decoder of masks; empty if the model has no weights for it
 */
public record TaskAnswer(
        GenerationRequest request,
        GenerationResult result,
        List<AnswerScore> scores,
        PaliGemmaTokenizer tokenizer,
        Optional<MaskCodec> maskCodec) {
    /** The text of the answer: the text of {@link #result}, not trimmed. */
    public String text() {
        return result.text();
    }
}
