package dev.paligemma.cli.report;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.constraint.TokenLogProbability;
import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Timings;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What the model wrote.
 *
 * @param answer the only answer, or the best one of a search
 * @param found all answers of a search, the best one first; empty without a search
 */
public record Written(GenerationResult answer, List<BeamAnswer> found) {
    /** Copies the list. */
    public Written {
        found = List.copyOf(found);
    }

    /** The answers of a search, the best one first; empty if there are none. */
    public static Optional<Written> found(List<BeamAnswer> answers) {
        return answers.stream().findFirst().map(best -> new Written(best.answer(), answers));
    }

    /** What a pipeline was asked and wrote and the figures behind it, for programs. */
    public Facts facts(GenerationRequest request, PaliGemmaPipeline pipeline) {
        PaliGemmaTokenizer tokenizer = pipeline.tokenizer(request);
        Facts facts = new Facts()
                .value("prompt", request.prompt())
                .all(text(answer, tokenizer))
                .value("promptTokenIds", answer.promptTokenIds())
                .value("imageTokens", answer.imageTokens())
                .value("finishReason", nameOf(answer.finishReason()));
        if (request.constraint().isPresent()) {
            facts.value("keptMass", answer.keptMass());
        }
        if (!found.isEmpty()) {
            facts.value(
                    "answers",
                    found.stream().map(each -> facts(each, tokenizer)).toList());
        }
        Timings timings = answer.timings();
        return facts.value(
                "timings",
                new Facts()
                        .value("loadMs", millis(pipeline.info().loadMs()))
                        .value("preprocessMs", millis(timings.preprocessMs()))
                        .value("visionMs", millis(timings.visionMs()))
                        .value("prefillMs", millis(timings.prefillMs()))
                        .value("decodeMs", millis(timings.decodeMs())));
    }

    private static Facts facts(BeamAnswer found, PaliGemmaTokenizer tokenizer) {
        return new Facts()
                .value("score", found.score())
                .value("logProbability", found.answer().totalLogProbability())
                .all(text(found.answer(), tokenizer))
                .value("finishReason", nameOf(found.answer().finishReason()));
    }

    private static Facts text(GenerationResult result, PaliGemmaTokenizer tokenizer) {
        Facts facts = new Facts()
                .value("text", result.text())
                .value("tokenIds", result.tokenIds())
                .value("logprobs", result.logProbabilities());
        if (result.tokens().stream().anyMatch(token -> !token.mostLikely().isEmpty())) {
            facts.value(
                    "topLogprobs",
                    result.tokens().stream()
                            .map(token -> token.mostLikely().stream()
                                    .map(each -> likely(each, tokenizer))
                                    .toList())
                            .toList());
        }
        return facts;
    }

    private static Facts likely(TokenLogProbability token, PaliGemmaTokenizer tokenizer) {
        return new Facts()
                .value("id", token.id())
                .value("token", tokenizer.tokenOf(token.id()).orElse(""))
                .value("logprob", token.logProbability());
    }

    private static String nameOf(FinishReason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }

    /** Microseconds are the last digit that means anything. */
    private static double millis(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
