package dev.paligemma.cli.report;

import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Timings;
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

    /** What was asked and written and the figures behind it, for programs; the model took {@code loadMs} to load. */
    public Facts facts(GenerationRequest request, double loadMs) {
        Facts facts = new Facts()
                .value("prompt", request.prompt())
                .all(text(answer))
                .value("promptTokenIds", answer.promptTokenIds())
                .value("imageTokens", answer.imageTokens())
                .value("finishReason", nameOf(answer.finishReason()));
        if (request.constraint().isPresent()) {
            facts.value("keptMass", answer.keptMass());
        }
        if (!found.isEmpty()) {
            facts.value("answers", found.stream().map(Written::facts).toList());
        }
        Timings timings = answer.timings();
        return facts.value(
                "timings",
                new Facts()
                        .value("loadMs", millis(loadMs))
                        .value("preprocessMs", millis(timings.preprocessMs()))
                        .value("visionMs", millis(timings.visionMs()))
                        .value("prefillMs", millis(timings.prefillMs()))
                        .value("decodeMs", millis(timings.decodeMs())));
    }

    private static Facts facts(BeamAnswer found) {
        return new Facts()
                .value("score", found.score())
                .value("logProbability", found.answer().totalLogProbability())
                .all(text(found.answer()))
                .value("finishReason", nameOf(found.answer().finishReason()));
    }

    private static Facts text(GenerationResult result) {
        return new Facts()
                .value("text", result.text())
                .value("tokenIds", result.tokenIds())
                .value("logprobs", result.logProbabilities());
    }

    private static String nameOf(FinishReason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }

    /** Microseconds are the last digit that means anything. */
    private static double millis(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
