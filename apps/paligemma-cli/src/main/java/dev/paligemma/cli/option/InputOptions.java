package dev.paligemma.cli.option;

import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of every command that shows pictures to a model: which model, which pictures, and the form of the result. */
public final class InputOptions {
    private static final Path STANDARD_INPUT = Path.of("-");
    private static final String HINT =
            "the bundled tiny model knows drawn shapes and short words only, no photographs; "
                    + "a real model answers with --model google/paligemma2-3b-mix-224 --precision int8";

    @Mixin
    public ModelOptions model = new ModelOptions();

    @Option(
            names = "--image",
            paramLabel = "FILE",
            description = "Picture to look at, - for one from standard input; repeated, one request about all of them "
                    + "(default: the bundled picture).")
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

    /** Says once what the bundled model is, if it is to look at a picture of the user's own. */
    public void hint(ProgressDisplay progress) {
        if (isBundledModel() && images.stream().anyMatch(image -> !isBundled(image))) {
            progress.note(HINT);
        }
    }

    /** The same, of pictures that are known to be the user's. */
    void hintAtOwnPictures(ProgressDisplay progress) {
        if (isBundledModel()) {
            progress.note(HINT);
        }
    }

    /** Asked first: whether a picture is the bundled one, only the bundled files tell, which another model does not unpack. */
    private boolean isBundledModel() {
        return model.checkpoint.isBundled() && model.adapter == null;
    }

    private boolean isBundled(Path image) {
        try {
            return Files.isSameFile(image, TinyModel.picture(model.checkpoint.cacheFolder()));
        } catch (IOException e) {
            return false;
        }
    }

    static RgbImage read(Path file) {
        return file.equals(STANDARD_INPUT) ? RgbImage.read(System.in) : RgbImage.read(file);
    }
}
