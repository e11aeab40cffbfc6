package dev.paligemma.training.internal.output;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.adapter.AdapterMerger;
import dev.paligemma.checkpoint.adapter.LoraAdapter;
import java.nio.file.Path;

/**
 * Writes a whole checkpoint with what was trained in it: files, names, order and types of the base, its tokenizer and its
 * settings. Stateless.
 *
 * <p>An adapter that stores trained weights as they are already says what differs from the base, and merging it is what
 * this comes to.
 */
public final class CheckpointFiles {
    private CheckpointFiles() {}

    /** Writes into a folder that is not there yet or empty; fails as {@link AdapterMerger#merge} does. */
    public static void write(Path adapter, Checkpoint base, Path folder) {
        AdapterMerger.merge(LoraAdapter.open(adapter, base), folder);
    }
}
