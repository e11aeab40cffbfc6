package dev.paligemma.checkpoint.internal.safetensors;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.TensorNames;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The safetensors files of a folder: one file, or shards listed by an index.
 *
 * <p>As in transformers, a single file wins over an index beside it.
 *
 * <p>As in transformers, too, tensors that the index does not list are not lost.
 *
 * @param tensors by name in the file; with an index, from the shards that it names
 * @param unlisted tensors in shards that the index lists for another shard
 */
public record WeightFiles(List<SafeTensorsFile> files, Map<String, TensorInfo> tensors, List<TensorInfo> unlisted) {
    public static final String SINGLE = "model.safetensors";
    public static final String INDEX = "model.safetensors.index.json";

    private static final long MAX_INDEX_BYTES = 8 << 20;
    private static final int MAX_SHARDS = 1_000;
    private static final int MAX_LISTED = 50;

    /** Whether there is one of the files that {@link #read} starts from. */
    public static boolean areIn(Path folder) {
        return isThere(folder.resolve(SINGLE)) || isThere(folder.resolve(INDEX));
    }

    /** Unlike {@code Files.exists}: a dangling link must be reported as such, not passed over. */
    private static boolean isThere(Path file) {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    public static WeightFiles read(Path folder) {
        Path single = folder.resolve(SINGLE);
        if (isThere(single)) {
            SafeTensorsFile file = SafeTensorsFile.read(single);
            return new WeightFiles(List.of(file), file.tensors(), List.of());
        }
        Path index = folder.resolve(INDEX);
        if (isThere(index)) {
            return readShards(folder, index);
        }
        throw new CheckpointException(folder + " holds neither " + SINGLE + " nor " + INDEX
                + hint(folder, "adapter_config.json", "; it looks like an adapter, not a whole model")
                + hint(folder, "pytorch_model.bin", "; pickled .bin weights are not read, save as safetensors")
                + hint(
                        folder,
                        "pytorch_model.bin.index.json",
                        "; pickled .bin weights are not read, save as safetensors"));
    }

    private static String hint(Path folder, String file, String text) {
        return Files.exists(folder.resolve(file)) ? text : "";
    }

    private static WeightFiles readShards(Path folder, Path index) {
        Map<String, String> weightMap = weightMap(index);
        Map<String, SafeTensorsFile> shards = openShards(folder, index, weightMap);
        Map<String, TensorInfo> tensors = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        weightMap.forEach((name, shard) -> {
            TensorInfo tensor = find(name, Objects.requireNonNull(shards.get(shard)));
            if (tensor == null) {
                problems.add(Quote.quote(name) + " is not in " + shard);
            } else {
                tensors.put(tensor.name(), tensor);
            }
        });
        if (!problems.isEmpty()) {
            throw new CheckpointException(index + " and the shards disagree:" + lines(problems));
        }
        Set<String> listed =
                tensors.keySet().stream().map(TensorNames::canonical).collect(Collectors.toSet());
        List<TensorInfo> unlisted = new ArrayList<>();
        for (SafeTensorsFile shard : shards.values()) {
            for (TensorInfo tensor : shard.tensors().values()) {
                String name = TensorNames.canonical(tensor.name());
                if (TensorNames.isIgnored(name) || tensor.equals(tensors.get(tensor.name()))) {
                    continue;
                }
                if (listed.add(name)) {
                    tensors.put(tensor.name(), tensor);
                } else {
                    unlisted.add(tensor);
                }
            }
        }
        return new WeightFiles(List.copyOf(shards.values()), tensors, unlisted);
    }

    /** Some trainers wrap the names in the shards and not those in the index. */
    private static @Nullable TensorInfo find(String name, SafeTensorsFile shard) {
        TensorInfo same = shard.tensors().get(name);
        return same != null
                ? same
                : shard.tensors().values().stream()
                        .filter(tensor -> TensorNames.canonical(tensor.name()).equals(TensorNames.canonical(name)))
                        .findFirst()
                        .orElse(null);
    }

    private static Map<String, String> weightMap(Path index) {
        JsonObject json = Json.readObject(index, MAX_INDEX_BYTES, CheckpointException::new)
                .object("weight_map");
        Map<String, String> weightMap = new LinkedHashMap<>();
        json.members().forEach((name, value) -> {
            if (!(value instanceof String shard && isPlainFileName(shard))) {
                throw new CheckpointException(json.where() + ": " + Quote.quote(name)
                        + " must name a .safetensors file in the same folder, got " + JsonObject.describe(value));
            }
            weightMap.put(name, shard);
        });
        if (weightMap.isEmpty()) {
            throw new CheckpointException(json.where() + " is empty");
        }
        return weightMap;
    }

    private static Map<String, SafeTensorsFile> openShards(Path folder, Path index, Map<String, String> weightMap) {
        Set<String> names = new LinkedHashSet<>(weightMap.values());
        if (names.size() > MAX_SHARDS) {
            throw new CheckpointException(index + " names " + names.size() + " shards, expected at most " + MAX_SHARDS);
        }
        List<String> missing = names.stream()
                .filter(name -> !Files.exists(folder.resolve(name)))
                .toList();
        if (!missing.isEmpty()) {
            throw new CheckpointException(folder + " lacks " + missing.size() + " of the " + names.size()
                    + " shards its index names:" + lines(missing));
        }
        Map<String, SafeTensorsFile> shards = new LinkedHashMap<>();
        names.forEach(name -> shards.put(name, SafeTensorsFile.read(folder.resolve(name))));
        return shards;
    }

    /** A name that cannot lead out of the folder on any operating system. */
    private static boolean isPlainFileName(String name) {
        return name.matches("[A-Za-z0-9_][A-Za-z0-9._-]{0,250}") && name.endsWith(".safetensors");
    }

    public static String lines(Collection<String> entries) {
        return lines(entries, MAX_LISTED);
    }

    /** One line per entry, up to a limit. */
    public static String lines(Collection<String> entries, int most) {
        String shown = entries.stream().limit(most).map("\n  "::concat).collect(Collectors.joining());
        return entries.size() <= most ? shown : shown + "\n  and " + (entries.size() - most) + " more";
    }
}
