package dev.paligemma.cli.option;

import dev.paligemma.detection.AnnotationOptions;
import dev.paligemma.detection.AnnotationOptions.ColourBy;
import picocli.CommandLine.Option;

/** How {@code --out} draws what was found. */
public final class DrawingOptions {
    @Option(
            names = "--colour-by",
            paramLabel = "WHAT",
            description =
                    "What has a colour of its own in the drawing: each label, each instance, or auto: labels if there "
                            + "are several of them, else instances (default: auto).")
    ColourBy colourBy = ColourBy.AUTO;

    @Option(names = "--no-confidence", description = "Draw names without the confidence.")
    boolean noConfidence;

    AnnotationOptions options() {
        return AnnotationOptions.defaults().withColourBy(colourBy).withConfidence(!noConfidence);
    }
}
