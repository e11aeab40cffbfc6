package dev.paligemma.cli.command;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.cli.option.InputOptions;
import dev.paligemma.cli.option.ManyPictures;
import dev.paligemma.cli.option.PictureAnswer;
import dev.paligemma.cli.option.PictureOptions;
import dev.paligemma.cli.pictures.PictureNames;
import dev.paligemma.cli.report.Facts;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.vision.RgbImage;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
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
public final class ScoreCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Parameters(index = "0", paramLabel = "PROMPT", description = "The prompt, used as written.")
    String prompt;

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "ANSWER",
            description =
                    "The answers, each once; behind them the pictures, known by names such as door.jpg or doors/.")
    List<String> answers;

    @Mixin
    PictureOptions pictures = new PictureOptions();

    @Override
    public Integer call() {
        sortArguments();
        pictures.dependOn("answers", String.join(" | ", answers));
        if (pictures.isMany()) {
            return new ManyPictures(pictures)
                    .answer(
                            prompt,
                            true,
                            (pipeline, together) -> asked -> asked.stream()
                                    .map(picture -> answer(pipeline, request(List.of(picture.read()))))
                                    .toList());
        }
        InputOptions input = pictures.input;
        GenerationRequest request = request(input.pictures());
        PrintWriter out = spec.commandLine().getOut();
        try (ProgressDisplay progress = ProgressDisplay.of(spec);
                PaliGemmaPipeline pipeline = input.model.open(progress)) {
            input.hint(progress);
            progress.step("reading the picture");
            PictureAnswer scored = answer(pipeline, request);
            progress.clear();
            if (input.json) {
                out.println(scored.facts().json());
            } else {
                out.print(scored.text());
            }
        }
        return ExitCode.OK;
    }

    /** Answers and pictures stand side by side: a name such as door.jpg is a picture. */
    private void sortArguments() {
        pictures.begin(spec, answers.stream().filter(PictureNames::isMeant).toList());
        answers = answers.stream().filter(each -> !PictureNames.isMeant(each)).toList();
        if (answers.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "Missing answers: they stand before the pictures");
        }
        if (prompt.isBlank()) {
            throw new ParameterException(spec.commandLine(), "The prompt is empty");
        }
    }

    private GenerationRequest request(List<RgbImage> images) {
        return GenerationRequest.builder().images(images).prompt(prompt).build();
    }

    private PictureAnswer answer(PaliGemmaPipeline pipeline, GenerationRequest request) {
        List<AnswerScore> scores = pipeline.score(request, answers).stream()
                .sorted(Comparator.comparingDouble(AnswerScore::logProbability).reversed())
                .toList();
        Facts facts = new Facts()
                .value("prompt", prompt)
                .value("text", scores.get(0).answer())
                .value(
                        "answers",
                        scores.stream()
                                .map(score -> new Facts()
                                        .value("answer", score.answer())
                                        .value("logProbability", score.logProbability())
                                        .value("share", score.share()))
                                .toList())
                .row("%-17s%-9s%s", "log-probability", "share", "answer");
        scores.forEach(score -> facts.row("%-17.4f%-9.4f%s", score.logProbability(), score.share(), score.answer()));
        return PictureAnswer.table(facts, facts.text());
    }
}
