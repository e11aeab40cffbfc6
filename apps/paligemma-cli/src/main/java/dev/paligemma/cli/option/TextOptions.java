package dev.paligemma.cli.option;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.cli.report.Written;
import dev.paligemma.constraint.TokenConstraints;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.task.Task;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** The options of every command whose result is a text, and the way from them to the output. */
public final class TextOptions {
    @Spec(Target.MIXEE)
    CommandSpec command;

    @Mixin
    RequestOptions request = new RequestOptions();

    @Option(
            names = "--choices",
            paramLabel = "TEXT",
            description = "Allow these answers only, separated by commas; may be repeated.")
    List<String> choices = List.of();

    @Option(
            names = "--regex",
            paramLabel = "REGEX",
            description = "Allow answers only that match this regular expression as a whole, as '[A-Z]{1,3} \\d{1,4}'.")
    @Nullable
    String regex;

    /** Takes pictures that stood among the arguments without an option. */
    public TextOptions about(List<String> pictures) {
        request.pictures.begin(command, pictures);
        return this;
    }

    /** Asks the model and prints what it writes, about one request or about each of many pictures. Gives the exit code. */
    public int answer(Task<GenerationResult> task) {
        CommandLine commandLine = command.commandLine();
        if (!choices.isEmpty() && regex != null) {
            throw new ParameterException(commandLine, "--choices and --regex exclude each other");
        }
        List<String> answers = choices.stream()
                .flatMap(some -> Arrays.stream(some.split(",", -1)))
                .map(String::strip)
                .toList();
        if (answers.contains("")) {
            throw new ParameterException(commandLine, "--choices has an empty answer in it");
        }
        if (request.pictures.isMany()) {
            return request.askAll(task, GenerationRequest.DEFAULT_MAX_NEW_TOKENS, commandLine, (pipeline, begun) -> {
                constrain(begun, pipeline.constraints(), answers);
                return (picture, asked, written) -> PictureAnswer.line(
                        written.facts(asked, pipeline), written.answer().text());
            });
        }
        GenerationRequest asked = request.request(task, GenerationRequest.DEFAULT_MAX_NEW_TOKENS, commandLine);
        boolean json = request.pictures.input.json;
        PrintWriter out = commandLine.getOut();
        try (ProgressDisplay progress = ProgressDisplay.of(command);
                PaliGemmaPipeline pipeline = request.pictures.input.model.open(progress)) {
            request.pictures.input.hint(progress);
            GenerationRequest constrained = constrain(asked.toBuilder(), pipeline.constraints(), answers)
                    .build();
            Written written = request.ask(pipeline, constrained, progress, json ? null : out);
            progress.clear();
            if (json) {
                out.println(written.facts(constrained, pipeline).json());
            }
        }
        return ExitCode.OK;
    }

    private GenerationRequest.Builder constrain(
            GenerationRequest.Builder begun, TokenConstraints constraints, List<String> answers) {
        if (regex != null) {
            return begun.constraint(constraints.matching(regex));
        }
        return answers.isEmpty() ? begun : begun.constraint(constraints.oneOf(answers));
    }
}
