package dev.paligemma;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsHeader;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The weights of a small checkpoint in one file, to be stored again in another way. Confined to one thread. */
final class RewrittenCheckpoint {
    private static final String TIED = "tie_word_embeddings";
    private static final int MAX_CONFIG = 1 << 20;

    /** A tensor with its bytes. */
    record Stored(DType dtype, long[] shape, byte[] bytes) {}

    private final Path original;
    private final Map<String, String> metadata = new LinkedHashMap<>(Map.of("format", "pt"));
    private Map<String, Stored> tensors = new LinkedHashMap<>();
    private @Nullable Boolean top = true;
    private @Nullable Boolean text;

    RewrittenCheckpoint(Path original) throws IOException {
        this.original = original;
        Path file = original.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        for (TensorInfo tensor : SafeTensorsFile.read(file).tensors().values()) {
            int from = (int) tensor.offset();
            int to = from + (int) tensor.byteLength();
            tensors.put(tensor.name(), new Stored(tensor.dtype(), tensor.shape(), Arrays.copyOfRange(bytes, from, to)));
        }
    }

    /** What config.json says about tied embeddings at both of its levels; null for nothing. */
    RewrittenCheckpoint saying(@Nullable Boolean atTop, @Nullable Boolean inText) {
        top = atTop;
        text = inText;
        return this;
    }

    RewrittenCheckpoint metadata(String key, String value) {
        metadata.put(key, value);
        return this;
    }

    RewrittenCheckpoint renamed(UnaryOperator<String> change) {
        Map<String, Stored> renamed = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> renamed.put(change.apply(name), tensor));
        tensors = renamed;
        return this;
    }

    RewrittenCheckpoint without(String ending) {
        tensors.keySet().removeIf(name -> name.endsWith(ending));
        return this;
    }

    RewrittenCheckpoint with(String name, Stored tensor) {
        tensors.put(name, tensor);
        return this;
    }

    /** The name of the only tensor with such an ending. */
    String name(String ending) {
        return tensors.keySet().stream()
                .filter(name -> name.endsWith(ending))
                .findFirst()
                .orElseThrow();
    }

    Stored tensor(String ending) {
        return tensors.get(name(ending));
    }

    /** The head of {@code src/reference/heads}: each row is a later one of the table. */
    Stored headOfLaterRows(int shift) {
        Stored table = tensor("embed_tokens.weight");
        byte[] bytes = new byte[table.bytes().length];
        int moved = bytes.length / (int) table.shape()[0] * shift;
        System.arraycopy(table.bytes(), moved, bytes, 0, bytes.length - moved);
        System.arraycopy(table.bytes(), 0, bytes, bytes.length - moved, moved);
        return new Stored(table.dtype(), table.shape(), bytes);
    }

    /** The patch kernel as MLX stores it: [out, height, width, channels]. */
    RewrittenCheckpoint channelsLast() {
        String name = name("patch_embedding.weight");
        Stored kernel = tensors.get(name);
        int size = kernel.dtype().byteSize();
        int channels = (int) kernel.shape()[1];
        int pixels = (int) (kernel.shape()[2] * kernel.shape()[3]);
        byte[] bytes = new byte[kernel.bytes().length];
        for (int i = 0; i < bytes.length / size; i++) {
            int out = i / (channels * pixels);
            int channel = i / pixels % channels;
            int to = (out * pixels + i % pixels) * channels + channel;
            System.arraycopy(kernel.bytes(), i * size, bytes, to * size, size);
        }
        long[] shape = {kernel.shape()[0], kernel.shape()[2], kernel.shape()[3], kernel.shape()[1]};
        return with(name, new Stored(kernel.dtype(), shape, bytes));
    }

    /** Writes one file of weights, and copies or changes the others. */
    Path write(Path folder) throws IOException {
        copyOthers(folder);
        writeTensors(folder.resolve("model.safetensors"), tensors);
        return folder;
    }

    /** Writes one shard into each of several folders, and links to them. */
    Path writeLinked(Path folder, List<Path> stores) throws IOException {
        copyOthers(folder);
        List<String> names = new ArrayList<>(tensors.keySet());
        Map<String, Object> weightMap = new LinkedHashMap<>();
        for (int i = 0; i < stores.size(); i++) {
            String file = "model-0000" + (i + 1) + "-of-0000" + stores.size() + ".safetensors";
            Map<String, Stored> part = new LinkedHashMap<>();
            for (int n = i; n < names.size(); n += stores.size()) {
                part.put(names.get(n), tensors.get(names.get(n)));
                weightMap.put(names.get(n), file);
            }
            Path blob = Files.createDirectories(stores.get(i)).resolve("blob");
            writeTensors(blob, part);
            Files.createSymbolicLink(folder.resolve(file), blob);
        }
        Files.writeString(
                folder.resolve("model.safetensors.index.json"), Json.text(Map.of("weight_map", weightMap), false));
        return folder;
    }

    private void copyOthers(Path folder) throws IOException {
        Files.createDirectories(folder);
        try (Stream<Path> files = Files.list(original)) {
            for (Path file : files.filter(each -> !each.toString().endsWith(".safetensors"))
                    .toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        JsonObject config = Json.readObject(original.resolve("config.json"), MAX_CONFIG, CheckpointException::new);
        Map<String, @Nullable Object> members = saying(config, top);
        members.put("text_config", saying(config.object("text_config"), text));
        Files.writeString(folder.resolve("config.json"), Json.text(members, true));
    }

    private static Map<String, @Nullable Object> saying(JsonObject json, @Nullable Boolean tied) {
        Map<String, @Nullable Object> members = new LinkedHashMap<>(json.members());
        members.remove(TIED);
        if (tied != null) {
            members.put(TIED, tied);
        }
        return members;
    }

    private void writeTensors(Path file, Map<String, Stored> part) throws IOException {
        List<SafeTensorsHeader.Entry> entries = new ArrayList<>();
        long at = 0;
        for (Map.Entry<String, Stored> tensor : part.entrySet()) {
            Stored stored = tensor.getValue();
            long end = at + stored.bytes().length;
            entries.add(new SafeTensorsHeader.Entry(tensor.getKey(), stored.dtype(), stored.shape(), at, end));
            at = end;
        }
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(SafeTensorsHeader.bytes(metadata, entries, Long.BYTES).array());
            for (Stored stored : part.values()) {
                out.write(stored.bytes());
            }
        }
    }
}
