package dev.paligemma.engine.adapter;

import dev.paligemma.engine.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.Map;

/** stand-in */
public final class LoraAdapter {
    /** stand-in. */
    public static LoraAdapter open(Path folder) {
        throw new AdapterException("stand-in " + folder);
    }
    /** stand-in. */
    public Map<String, ModuleChange> changes(Checkpoint base) {
        return Map.of();
    }
}
