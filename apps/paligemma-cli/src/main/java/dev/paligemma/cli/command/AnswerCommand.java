package dev.paligemma.cli.command;

import dev.paligemma.cli.option.TextOptions;
import dev.paligemma.task.Tasks;
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
            "  paligemma answer \"is there a blue square?\" --choices yes,no"
        })
public final class AnswerCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "QUESTION", arity = "0..1", description = "The question.")
    @Nullable
    String positional;

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
    public void run() {
        String question = positional == null ? option : positional;
        if (question == null) {
            throw new ParameterException(spec.commandLine(), "Missing question");
        }
        if (positional != null && option != null) {
            throw new ParameterException(
                    spec.commandLine(), "Two questions: '" + positional + "' and '" + option + "'");
        }
        text.answer(Tasks.answer(language, question));
    }
}
