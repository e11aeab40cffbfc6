package dev.paligemma.cli.option;

import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of every command that shows pictures to a model: which model, which pictures, and the form of the result. */
public final class InputOptions {
    private static final Path STANDARD_INPUT = Path.of("-");

    @Mixin
    public ModelOptions model = new ModelOptions();

    @Option(
            names = "--image",
            paramLabel = "FILE",
            description = "Picture to look at, - for one from standard input; may be repeated (default: the bundled "
                    + "picture).")
    List<Path> images = List.of();

    @Option(names = "--json", description = "Print one JSON object with the result and the figures behind it.")
    public boolean json;

    /** The pictures to use: the given files, or the bundled one. */
    public List<Path> files() {
        return images.isEmpty() ? List.of(TinyModel.picture(model.checkpoint.cacheFolder())) : images;
    }

    /** Reads the pictures: those of {@link #files}. */
    public List<RgbImage> pictures() {
        return files().stream().map(InputOptions::read).toList();
    }

    private static RgbImage read(Path file) {
        return file.equals(STANDARD_INPUT) ? RgbImage.read(System.in) : RgbImage.read(file);
    }
}
