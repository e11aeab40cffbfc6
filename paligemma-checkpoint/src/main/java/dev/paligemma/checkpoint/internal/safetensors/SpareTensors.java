package dev.paligemma.checkpoint.internal.safetensors;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.internal.TensorNames;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The tensors that are stored and not used: those the model does not have, and those it has and reads from another
 * file.
 */
public record SpareTensors(List<TensorInfo> foreign, List<TensorInfo> copies) {
    private static final int MAX_SHOWN = 5;

    /** Sorts what is not used by the canonical names of what is. */
    public static SpareTensors of(List<TensorInfo> unused, Set<String> used) {
        List<TensorInfo> foreign = new ArrayList<>();
        List<TensorInfo> copies = new ArrayList<>();
        for (TensorInfo tensor : unused) {
            (used.contains(TensorNames.canonical(tensor.name())) ? copies : foreign).add(tensor);
        }
        return new SpareTensors(foreign, copies);
    }

    /** Warnings, none if there is nothing to say. */
    public List<String> describe(Path folder) {
        List<String> warnings = new ArrayList<>();
        if (!foreign.isEmpty()) {
            warnings.add(folder + ": " + count(foreign) + " not used, among them "
                    + foreign.stream()
                            .limit(MAX_SHOWN)
                            .map(tensor -> Quote.quote(tensor.name()))
                            .toList());
        }
        if (!copies.isEmpty()) {
            warnings.add(folder + ": " + count(copies) + " in two shards; those in the shards that the index names are"
                    + " used, and not "
                    + copies.stream()
                            .limit(MAX_SHOWN)
                            .map(tensor -> Quote.quote(tensor.name()) + " in "
                                    + tensor.file().getFileName())
                            .toList());
        }
        return warnings;
    }

    private static String count(List<TensorInfo> tensors) {
        return tensors.size() == 1 ? "1 tensor is" : tensors.size() + " tensors are";
    }
}
