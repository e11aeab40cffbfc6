package dev.paligemma.examples;

import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of every command that shows pictures to a model: which model, which pictures, and the form of the result. */
final class InputOptions {
    private static final Path STANDARD_INPUT = Path.of("-");

    @Mixin
    ModelOptions model = new ModelOptions();

    @Option(
            names = "--image",
            paramLabel = "FILE",
            description = "Picture to look at, - for one from standard input; may be repeated (default: the bundled "
                    + "picture).")
    List<Path> images = List.of();

    @Option(names = "--json", description = "Print one JSON object with the result and the figures behind it.")
    boolean json;

    /**
     * The pictures to use.
     *
     * @return the given files, or the bundled one
     */
    List<Path> files() {
        return model.checkpoint.pictures(images);
    }

    /**
     * Reads the pictures.
     *
     * @return those of {@link #files}
     */
    List<RgbImage> pictures() {
        return files().stream().map(InputOptions::read).toList();
    }

    private static RgbImage read(Path file) {
        return file.equals(STANDARD_INPUT) ? RgbImage.read(System.in) : RgbImage.read(file);
    }
}
