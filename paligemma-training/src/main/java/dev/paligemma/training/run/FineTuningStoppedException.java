package dev.paligemma.training.run;

import dev.paligemma.base.PaliGemmaException;
import java.nio.file.Path;

/** A run was asked to end before its last update. What it has learned is in a checkpoint, from which it can be resumed. */
public final class FineTuningStoppedException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    private final String checkpoint; // paths cannot be serialised

    /** An exception with a message and the folder of the checkpoint. */
    public FineTuningStoppedException(String message, Path checkpoint) {
        super(message);
        this.checkpoint = checkpoint.toString();
    }

    /** The checkpoint that holds all updates so far. */
    public Path checkpoint() {
        return Path.of(checkpoint);
    }
}
