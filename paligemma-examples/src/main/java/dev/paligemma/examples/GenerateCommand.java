package dev.paligemma.examples;

import dev.paligemma.tokenizer.ControlTokens;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code paligemma generate}: any prompt, passed to the model as it is. */
@Command(
        name = "generate",
        description = "Let the model continue any prompt.",
        sortOptions = false,
        usageHelpAutoWidth = true,
        footer = {"", "Example:", "  paligemma generate --image cat.jpg --prompt \"describe en\" --max-new-tokens 200"})
final class GenerateCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            required = true,
            description = "The prompt, used as written; may be empty.")
    String prompt;

    @Mixin
    RequestOptions request = new RequestOptions();

    @Override
    public void run() {
        request.answer(prompt, ControlTokens.PARSE, spec.commandLine());
    }
}
