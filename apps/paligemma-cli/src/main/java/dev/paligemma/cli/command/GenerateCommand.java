package dev.paligemma.cli.command;

import dev.paligemma.cli.option.TextOptions;
import dev.paligemma.task.Tasks;
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

/** {@code paligemma generate}: any prompt, passed to the model as it is. */
@Command(
        name = "generate",
        description = "Let the model continue any prompt.",
        footer = {
            "",
            "Examples:",
            "  paligemma generate --prompt \"detect blue square ; word\"",
            "  paligemma generate *.jpg --prompt \"ocr\" --model google/paligemma2-3b-mix-224"
        })
public final class GenerateCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Parameters(
            paramLabel = "PICTURE",
            arity = "0..*",
            description = "Pictures and folders of pictures; of several, an answer about each.")
    List<String> pictures = List.of();

    @Option(names = "--prompt", paramLabel = "TEXT", description = "The prompt, used as written.")
    @Nullable
    String prompt;

    @Option(
            names = "--no-prompt",
            description = "Show the picture and say nothing, for a model that was tuned without prompts.")
    boolean noPrompt;

    @Mixin
    TextOptions text = new TextOptions();

    @Override
    public Integer call() {
        return text.about(pictures).answer(Tasks.text(checkedPrompt()));
    }

    /** A model writes nothing to no prompt, unless it was tuned for that: who gives none has forgotten it. */
    private String checkedPrompt() {
        String given = prompt == null ? "" : prompt;
        if (noPrompt && !given.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--prompt and --no-prompt exclude each other");
        }
        if (!noPrompt && given.isBlank()) {
            throw new ParameterException(
                    spec.commandLine(),
                    (prompt == null ? "Missing --prompt" : "The prompt is empty")
                            + ": expected a task such as 'caption en'; --no-prompt asks without one");
        }
        return given;
    }
}
