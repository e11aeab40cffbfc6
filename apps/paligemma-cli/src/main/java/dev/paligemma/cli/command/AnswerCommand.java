package dev.paligemma.cli.command;

import dev.paligemma.cli.option.TextOptions;
import dev.paligemma.cli.pictures.PictureNames;
import dev.paligemma.task.Tasks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code paligemma answer}: a question about a picture. */
@Command(
        name = "answer",
        description = "Answer a question about a picture.",
        footer = {
            "",
            "Examples:",
            "  paligemma answer \"what color is the square?\"",
            "  paligemma answer \"is there a blue square?\" --choices yes,no",
            "  paligemma answer \"is it open?\" *.jpg --model google/paligemma2-3b-mix-224"
        })
public final class AnswerCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Parameters(index = "0", paramLabel = "QUESTION", arity = "0..1", description = "The question.")
    @Nullable
    String positional;

    @Parameters(
            index = "1..*",
            paramLabel = "PICTURE",
            arity = "0..*",
            description = "Pictures and folders of pictures; of several, an answer about each.")
    List<String> pictures = List.of();

    @Option(names = "--question", paramLabel = "QUESTION", description = "The question, as an option.")
    @Nullable
    String option;

    @Option(
            names = "--language",
            paramLabel = "CODE",
            description = "Language of the answer (default: ${DEFAULT-VALUE}).")
    String language = "en";

    @Mixin
    TextOptions text = new TextOptions();

    @Override
    public Integer call() {
        List<String> named = new ArrayList<>(pictures);
        String question = option;
        if (question == null) {
            question = positional;
        } else if (positional != null) {
            if (!PictureNames.isMeant(positional) && !Files.exists(Path.of(positional))) {
                throw new ParameterException(
                        spec.commandLine(), "Two questions: '" + positional + "' and '" + option + "'");
            }
            named.add(0, positional);
        }
        if (question == null || (option == null && PictureNames.isMeant(question))) {
            throw new ParameterException(
                    spec.commandLine(), "Missing question" + (question == null ? "" : " before '" + question + "'"));
        }
        return text.about(named).answer(Tasks.answer(language, question));
    }
}
