package dev.paligemma.cli.command;

import dev.paligemma.cli.option.TextOptions;
import dev.paligemma.task.Tasks;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code paligemma generate}: any prompt, passed to the model as it is. */
@Command(
        name = "generate",
        description = "Let the model continue any prompt.",
        footer = {
            "",
            "Example:",
            "  paligemma generate --image cat.jpg --prompt \"describe en\" --max-new-tokens 200 --sample 0.8 --seed 1"
        })
public final class GenerateCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "PICTURE",
            arity = "0..*",
            description = "Pictures and folders of pictures; of several, an answer about each.")
    List<String> pictures = List.of();

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            required = true,
            description = "The prompt, used as written; may be empty.")
    String prompt;

    @Mixin
    TextOptions text = new TextOptions();

    @Override
    public Integer call() {
        return text.about(pictures).answer(Tasks.text(prompt));
    }
}
