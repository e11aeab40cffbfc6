package dev.paligemma.cli.command;

import dev.paligemma.cli.option.BoxOptions;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code paligemma detect}: boxes around things. */
@Command(
        name = "detect",
        description = {
            "Find things in a picture.",
            "Prints a line per box: its name, how sure the model is, and its edges in pixels of the picture. With --raw "
                    + "the model's own notation: four codes <locNNNN> per box (top, left, bottom, right, each in "
                    + "1/1024 of the picture's height or width), then the name; several boxes are separated by ' ; '."
        },
        footer = {
            "",
            "Examples:",
            "  paligemma detect \"blue square\" word --out found.png",
            "  paligemma detect word --min-confidence 0.5 --nms 0.7 --json",
            "  paligemma detect cat *.jpg --out found/ --model google/paligemma2-3b-mix-224"
        })
public final class DetectCommand implements Callable<Integer> {
    @Mixin
    BoxOptions boxes = new BoxOptions();

    @Override
    public Integer call() throws IOException {
        return boxes.answer(false);
    }
}
