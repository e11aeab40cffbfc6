package dev.paligemma.cli.command;

import dev.paligemma.cli.option.TextOptions;
import dev.paligemma.task.Tasks;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code paligemma generate}: any prompt, passed to the model as it is. */
@Command(
        name = "generate",
        description = "Let the model continue any prompt.",
        footer = {"", "Example:", "  paligemma generate --prompt \"detect blue square ; word\""})
public final class GenerateCommand implements Runnable {
    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            required = true,
            description = "The prompt, used as written; may be empty.")
    String prompt;

    @Mixin
    TextOptions text = new TextOptions();

    @Override
    public void run() {
        text.answer(Tasks.text(prompt));
    }
}
