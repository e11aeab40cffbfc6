package dev.paligemma.training.data;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * How files of examples are read. Immutable.
 *
 * @param skipBad whether what is wrong in a file is left out and counted, instead of being an error
 * @param pictures the folder in which names of pictures are looked up; empty for the folder of the file itself
 */
public record ReadOptions(boolean skipBad, Optional<Path> pictures) {
    private static final ReadOptions DEFAULTS = new ReadOptions(false, Optional.empty());

    /** Checks that nothing is null. */
    public ReadOptions {
        Objects.requireNonNull(pictures, "pictures");
    }

    /** Everything must be right, and pictures lie beside the file. */
    public static ReadOptions defaults() {
        return DEFAULTS;
    }

    /** The same, with or without leaving out what is wrong. */
    public ReadOptions withSkipBad(boolean skip) {
        return new ReadOptions(skip, pictures);
    }

    /** The same with a folder of pictures. */
    public ReadOptions withPictures(Path folder) {
        return new ReadOptions(skipBad, Optional.of(folder));
    }
}
