package dev.paligemma.cli.command;

import dev.paligemma.cli.option.BoxOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code paligemma segment}: the shapes of things. */
@Command(
        name = "segment",
        description = {
            "Find things in a picture, and their shapes.",
            "Prints a line per thing: its name, how sure the model is, its edges in pixels of the picture, and how many "
                    + "pixels belong to it. With --json the shape, too: as COCO run lengths and as outlines.",
            "Shapes need the weights of the mask decoder, vae-oid.npz of Google's big_vision."
        },
        footer = {
            "",
            "Examples:",
            "  paligemma segment \"blue square\" --out cut.png",
            "  paligemma segment cat photos/ --model google/paligemma2-3b-mix-224"
        })
public final class SegmentCommand implements Callable<Integer> {
    @Mixin
    BoxOptions boxes = new BoxOptions();

    @Option(
            names = "--mask-weights",
            paramLabel = "FILE",
            description = "Weights of the mask decoder (default: vae-oid.npz in the checkpoint folder).")
    @Nullable
    Path maskWeights;

    @Override
    public Integer call() throws IOException {
        boxes.request.pictures.input.model.maskWeights = maskWeights;
        return boxes.answer(true);
    }
}
