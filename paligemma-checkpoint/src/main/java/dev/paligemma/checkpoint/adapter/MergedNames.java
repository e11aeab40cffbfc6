package dev.paligemma.checkpoint.adapter;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.internal.TensorNames;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.checkpoint.internal.safetensors.StoredNames;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the tensors of a merged checkpoint are called: as in its base, but as transformers itself names them, without what
 * compilers, trainers and PEFT add, and the token embedding always as such. Immutable.
 */
final class MergedNames {
    private static final String NORM = "norm.weight";

    private final StoredNames stored;
    private final Map<TensorInfo, String> uses = new HashMap<>();
    private final String table;
    private final Set<String> names = new HashSet<>();

    MergedNames(Checkpoint base) {
        for (Path file : base.files()) {
            names.addAll(SafeTensorsFile.read(file).tensors().keySet());
        }
        stored = StoredNames.of(base.folder(), names);
        base.tensors().keySet().forEach(name -> base.storedTensors(name).forEach(tensor -> uses.put(tensor, name)));
        String norm = stored.plain(base.tensor("language_model." + NORM).name());
        table = norm.substring(0, norm.length() - NORM.length()) + "embed_tokens.weight";
    }

    /** The canonical name of the weight that the base makes of a stored tensor, or null. */
    @Nullable
    String use(TensorInfo tensor) {
        return uses.get(tensor);
    }

    String canonical(TensorInfo tensor) {
        return stored.canonical(tensor.name());
    }

    /** What a stored tensor is called in the merged checkpoint; {@code use} is its canonical name, or null if the model has no use for it. */
    String of(TensorInfo tensor, @Nullable String use) {
        boolean tableAsHead =
                TensorNames.EMBEDDING.equals(use) && canonical(tensor).equals(TensorNames.HEAD_WEIGHT);
        if (tableAsHead) {
            return table;
        }
        // Two strange names must not become one.
        return use == null && !TensorNames.isIgnored(canonical(tensor)) ? tensor.name() : stored.plain(tensor.name());
    }

    /** What transformers calls the head beside an embedding of that name. */
    String head() {
        return table.startsWith("language_model.")
                ? "language_model." + TensorNames.HEAD_WEIGHT
                : TensorNames.HEAD_WEIGHT;
    }

    /** The free text of a file without the names of tensors that were left out of it, in the order of PyTorch. */
    Map<String, String> metadata(SafeTensorsFile original) {
        Map<String, String> metadata = new LinkedHashMap<>(original.metadata());
        metadata.values().removeIf(names::contains);
        metadata.put("format", "pt");
        return metadata;
    }
}
