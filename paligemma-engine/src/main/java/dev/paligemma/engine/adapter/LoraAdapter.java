package dev.paligemma.engine.adapter;

import dev.paligemma.engine.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.Map;

/** stand-in */
public final class LoraAdapter {
    private final Path folder;

    private LoraAdapter(Path folder) {
        this.folder = folder;
    }

    /** stand-in. */
    public static LoraAdapter open(Path folder) {
        return new LoraAdapter(folder);
    }
    /** stand-in. */
    public Map<String, ModuleChange> changes(Checkpoint base) {
        return Map.of();
    }

    @Override
    public String toString() {
        return folder.toString();
    }
}
