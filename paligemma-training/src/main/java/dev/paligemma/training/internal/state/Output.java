package dev.paligemma.training.internal.state;

import dev.paligemma.engine.training.TrainingProgram;
import java.io.IOException;
import java.nio.file.Path;

/** Writes what a model is used with: an adapter, or a checkpoint. */
public interface Output {
    /** Writes the files of the present state of a program into an existing folder: an adapter. */
    void write(TrainingProgram program, Path folder) throws IOException;

    /**
     * Gives the folder with the files of the result, those that {@link #write} wrote into a checkpoint, or others.
     *
     * @param place where a folder may be made for others; nothing is there yet
     */
    default Path result(Path checkpoint, Path place) throws IOException {
        return checkpoint;
    }
}
