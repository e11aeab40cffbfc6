package dev.paligemma.cli.command;

import dev.paligemma.cli.option.TextOptions;
import dev.paligemma.task.Tasks;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code paligemma ocr}: the text in a picture. */
@Command(
        name = "ocr",
        description = "Read the text in a picture.",
        footer = {
            "",
            "Examples:",
            "  paligemma ocr receipt.png --model google/paligemma2-3b-mix-448",
            "  paligemma ocr scans/ --jsonl --model google/paligemma2-3b-mix-448"
        })
public final class OcrCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "PICTURE",
            arity = "0..*",
            description = "Pictures and folders of pictures; of several, an answer about each.")
    List<String> pictures = List.of();

    @Mixin
    TextOptions text = new TextOptions();

    @Override
    public Integer call() {
        return text.about(pictures).answer(Tasks.ocr());
    }
}
