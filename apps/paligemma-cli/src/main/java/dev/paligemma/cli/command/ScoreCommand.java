package dev.paligemma.cli.command;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.cli.option.InputOptions;
import dev.paligemma.cli.report.Facts;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.GenerationRequest;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code paligemma score}: how likely given answers are. */
@Command(
        name = "score",
        description = {
            "Tell how likely each of several given answers is.",
            "Prints a line per answer, the most likely one first: the natural logarithm of the probability that the"
                    + " model writes exactly this answer, its share among the given ones, and the answer."
        },
        footer = {"", "Example:", "  paligemma score \"answer en is there a blue square?\" yes no"})
public final class ScoreCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Parameters(index = "0", paramLabel = "PROMPT", description = "The prompt, used as written.")
    String prompt;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "ANSWER", description = "The answers, each once.")
    List<String> answers;

    @Mixin
    InputOptions input = new InputOptions();

    @Override
    public void run() {
        GenerationRequest request = GenerationRequest.builder()
                .images(input.pictures())
                .prompt(prompt)
                .build();
        PrintWriter out = spec.commandLine().getOut();
        try (ProgressDisplay progress = ProgressDisplay.of(spec);
                PaliGemmaPipeline pipeline = input.model.open(progress)) {
            progress.step("reading the picture");
            List<AnswerScore> scores = pipeline.score(request, answers).stream()
                    .sorted(Comparator.comparingDouble(AnswerScore::logProbability)
                            .reversed())
                    .toList();
            progress.clear();
            if (input.json) {
                List<Facts> each = scores.stream()
                        .map(score -> new Facts()
                                .value("answer", score.answer())
                                .value("logProbability", score.logProbability())
                                .value("share", score.share()))
                        .toList();
                out.println(new Facts()
                        .value("prompt", prompt)
                        .value("answers", each)
                        .json());
            } else {
                out.printf("%-17s%-9s%s%n", "log-probability", "share", "answer");
                scores.forEach(score -> out.printf(
                        Locale.ROOT, "%-17.4f%-9.4f%s%n", score.logProbability(), score.share(), score.answer()));
            }
        }
    }
}
