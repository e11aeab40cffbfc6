package dev.paligemma.cli.command;

import dev.paligemma.cli.option.TextOptions;
import dev.paligemma.task.Tasks;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code paligemma ocr}: the text in a picture. */
@Command(
        name = "ocr",
        description = "Read the text in a picture.",
        footer = {"", "Example:", "  paligemma ocr --image receipt.png --model paligemma2-3b-mix-448"})
public final class OcrCommand implements Runnable {
    @Mixin
    TextOptions text = new TextOptions();

    @Override
    public void run() {
        text.answer(Tasks.ocr());
    }
}
