package dev.paligemma.training.internal.state;

import dev.paligemma.engine.training.TrainingProgram;
import java.io.IOException;
import java.nio.file.Path;

/** Writes what a model is used with: an adapter, or a checkpoint. */
@FunctionalInterface
public interface Output {
    /** Writes the files for the present state of a program into an existing folder. */
    void write(TrainingProgram program, Path folder) throws IOException;
}
