package dev.paligemma.examples;

import dev.paligemma.tokenizer.ControlTokens;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code paligemma ocr}: the text in a picture. */
@Command(
        name = "ocr",
        description = "Read the text in a picture.",
        sortOptions = false,
        usageHelpAutoWidth = true,
        footer = {"", "Example:", "  paligemma ocr --image receipt.png --max-new-tokens 500"})
final class OcrCommand implements Runnable {
    @Spec
    CommandSpec spec;

    @Mixin
    RequestOptions request = new RequestOptions();

    @Override
    public void run() {
        request.answer("ocr", ControlTokens.PARSE, spec.commandLine());
    }
}
