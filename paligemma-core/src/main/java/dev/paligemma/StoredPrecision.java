package dev.paligemma;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.CheckpointException;
import dev.paligemma.engine.Precision;
import org.jspecify.annotations.Nullable;

/** How the precision a user asks for and the one a checkpoint is stored in go together. */
final class StoredPrecision {
    private StoredPrecision() {}

    /**
     * The precision to run a checkpoint in.
     *
     * @param checkpoint an original or a converted one
     * @param wanted what the user asks for; null for what the checkpoint is stored in
     * @throws CheckpointException if the checkpoint is converted for another precision
     */
    static Precision choose(Checkpoint checkpoint, @Nullable Precision wanted) {
        Precision stored = checkpoint.precision();
        if (wanted == null || wanted == stored) {
            return stored;
        }
        if (stored != Precision.FLOAT32) {
            throw new CheckpointException(checkpoint.folder() + " holds weights converted for " + stored
                    + ", but precision " + wanted + " was asked for; load the original checkpoint for that");
        }
        return wanted;
    }

    /** Whether the weights of an original checkpoint must be converted before they run in a precision. */
    static boolean isConverted(Precision precision) {
        return switch (precision) {
            case FLOAT32, BFLOAT16 -> false;
            case INT8, INT4 -> true;
        };
    }
}
