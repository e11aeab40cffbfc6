package dev.paligemma.training.internal.setup;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.training.internal.network.TrainingNetwork;
import dev.paligemma.training.internal.output.AdapterFiles;
import dev.paligemma.training.internal.output.CheckpointFiles;
import dev.paligemma.training.internal.state.Output;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Writes adapters, and at the end, if weights as a whole were trained, a checkpoint.
 *
 * @param whole whether the result is a checkpoint
 */
record ModelOutput(TrainingNetwork network, String baseName, Checkpoint base, boolean whole) implements Output {
    @Override
    public void write(TrainingProgram program, Path folder) throws IOException {
        AdapterFiles.write(folder, network, program, baseName);
    }

    @Override
    public Path result(Path checkpoint, Path place) {
        if (!whole) {
            return checkpoint;
        }
        CheckpointFiles.write(checkpoint, base, place);
        return place;
    }
}
