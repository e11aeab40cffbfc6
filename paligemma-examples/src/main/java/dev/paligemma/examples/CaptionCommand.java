package dev.paligemma.examples;

import dev.paligemma.tokenizer.ControlTokens;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code paligemma caption}: one sentence about a picture. */
@Command(
        name = "caption",
        description = "Describe a picture in one sentence.",
        sortOptions = false,
        usageHelpAutoWidth = true,
        footer = {"", "Example:", "  paligemma caption --image cat.jpg --language es"})
final class CaptionCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Option(
            names = "--language",
            paramLabel = "CODE",
            description = "Language of the caption (default: ${DEFAULT-VALUE}).")
    String language = "en";

    @Mixin
    RequestOptions request = new RequestOptions();

    @Override
    public void run() {
        request.answer("caption " + language, ControlTokens.PARSE, spec.commandLine());
    }
}
