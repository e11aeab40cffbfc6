package dev.paligemma.checkpoint.internal.safetensors;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.TensorNames;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * How the tensors of a checkpoint are named: as a published model, wrapped, or all as a part of a trainer's own model.
 *
 * @param prefix what the trainer's own model puts in front of all names, with a dot at its end; mostly empty
 */
public record StoredNames(String prefix) {
    private static final List<String> PARTS = List.of("vision_tower.", "multi_modal_projector.", "language_model.");
    private static final String MODEL = "model.";
    private static final String BASE_LAYER = ".base_layer.";

    /** What PEFT adds to the names of modules that it keeps beside those of the base; and everything with "lora_". */
    private static final Set<String> PEFT_PARTS =
            Set.of("modules_to_save", "original_module", "token_adapter", "trainable_tokens_delta");

    /** Looks at the names of all tensors; fails if they are of several models, or of a model and an adapter. */
    public static StoredNames of(Path folder, Collection<String> names) {
        refuseAdapters(folder, names);
        Set<String> prefixes = names.stream()
                .map(TensorNames::canonical)
                .flatMap(name -> PARTS.stream()
                        .filter(part -> ("." + name).contains("." + part))
                        .map(part -> prefixBefore(part, name)))
                .collect(Collectors.toCollection(TreeSet::new));
        if (prefixes.isEmpty() || prefixes.contains("")) {
            return new StoredNames("");
        }
        if (prefixes.size() > 1) {
            throw new CheckpointException(folder + " holds the weights of " + prefixes.size()
                    + " models, with names that start with " + prefixes + "; expected those of one");
        }
        return new StoredNames(prefixes.iterator().next());
    }

    private static String prefixBefore(String part, String name) {
        String prefix = name.startsWith(part) ? "" : name.substring(0, name.indexOf("." + part) + 1);
        while (prefix.endsWith("." + MODEL)) {
            prefix = prefix.substring(0, prefix.length() - MODEL.length());
        }
        return prefix;
    }

    /** A whole model with an adapter in it cannot be used as a base, which would silently lack what was trained. */
    private static void refuseAdapters(Path folder, Collection<String> names) {
        Set<String> wrapped = names.stream()
                .filter(name -> name.contains(BASE_LAYER))
                .map(name -> name.substring(0, name.indexOf(BASE_LAYER)))
                .collect(Collectors.toSet());
        List<String> parts =
                names.stream().filter(name -> isAdapterPart(name, wrapped)).toList();
        if (!parts.isEmpty()) {
            throw new CheckpointException(folder + " holds a model with an adapter of PEFT that is not merged into it: "
                    + parts.size() + " tensors, among them " + Quote.quote(parts.get(0))
                    + "; save what merge_and_unload() returns, or the adapter alone with save_pretrained() and give it"
                    + " as the adapter of its base model");
        }
    }

    private static boolean isAdapterPart(String name, Set<String> wrapped) {
        boolean marked = Arrays.stream(name.split("\\.", -1))
                .anyMatch(segment -> segment.startsWith("lora_") || PEFT_PARTS.contains(segment));
        if (marked || wrapped.isEmpty() || name.contains(BASE_LAYER)) {
            return marked;
        }
        for (int end = name.lastIndexOf('.'); end > 0; end = name.lastIndexOf('.', end - 1)) {
            if (wrapped.contains(name.substring(0, end))) {
                return true;
            }
        }
        return false;
    }

    /** The name as the version of transformers that wrote the model calls the tensor. */
    public String plain(String name) {
        String rest = TensorNames.unwrapped(name).replace(BASE_LAYER, ".");
        int at = prefix.isEmpty() ? -1 : rest.indexOf(prefix);
        return at < 0 ? rest : rest.substring(at + prefix.length());
    }

    /** The name that the tensor has in all versions. */
    public String canonical(String name) {
        return TensorNames.canonical(plain(name));
    }

    /** The tensors by canonical name, without those that no model uses; fails if two have the same. */
    public Map<String, TensorInfo> byCanonicalName(Path folder, Collection<TensorInfo> tensors) {
        Map<String, TensorInfo> named = new LinkedHashMap<>();
        for (TensorInfo tensor : tensors) {
            String name = canonical(tensor.name());
            if (TensorNames.isIgnored(name)) {
                continue;
            }
            TensorInfo other = named.put(name, tensor);
            if (other != null) {
                throw new CheckpointException(folder + ": " + Quote.quote(other.name()) + " and "
                        + Quote.quote(tensor.name()) + " are two names of one tensor, " + Quote.quote(name));
            }
        }
        return named;
    }
}
