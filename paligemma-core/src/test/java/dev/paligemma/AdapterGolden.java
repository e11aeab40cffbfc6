package dev.paligemma;

import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The stored adapters with what PEFT computes with them; {@code src/reference/adapters/README.md} describes the files.
 *
 * @param folder the adapter, with {@code golden.json} and perhaps {@code golden.safetensors}
 * @param base the checkpoint it is for
 * @param requests what was asked and answered
 * @param sameAs the case that this one repeats with other names of tensors, or null
 */
public record AdapterGolden(
        Path folder,
        Golden base,
        List<Golden.Request> requests,
        @Nullable String sameAs) {
    /** Of large tables only every so many rows are stored. */
    static final int ROW_STEP = 41;

    private static final String RESOURCE = "/adapters";
    private static final String RESIZED = "/resized";

    /** All stored adapters. */
    public static Stream<AdapterGolden> all() throws IOException {
        return in(Golden.root(RESOURCE), Golden.root("/golden"));
    }

    /** All adapters in a folder, for checkpoints in another one. */
    public static Stream<AdapterGolden> in(Path root, Path bases) throws IOException {
        try (Stream<Path> folders = Files.list(root)) {
            return folders.sorted().map(folder -> read(folder, bases)).toList().stream();
        }
    }

    /** Those that have values of their own. */
    static Stream<AdapterGolden> originals() throws IOException {
        return all().filter(golden -> golden.sameAs() == null);
    }

    /** The adapter of a name. */
    public static AdapterGolden of(String name) {
        return read(Golden.root(RESOURCE).resolve(name), Golden.root("/golden"));
    }

    /** Adapters with embeddings of another size than that of their base, or tokens of their own. */
    public static Stream<AdapterGolden> resized() throws IOException {
        return in(RESIZED);
    }

    /** Adapters in the files of mlx-vlm. */
    public static Stream<AdapterGolden> mlx() throws IOException {
        return in("/mlx-adapters");
    }

    private static Stream<AdapterGolden> in(String resource) throws IOException {
        Path bases = Golden.root(RESIZED).resolve("bases");
        try (Stream<Path> folders = Files.list(Golden.root(resource))) {
            return folders
                    .filter(folder -> Files.exists(folder.resolve("adapter_config.json")))
                    .sorted()
                    .map(folder -> {
                        Map<?, ?> json = Golden.readJson(folder.resolve("golden.json"));
                        Golden base = Golden.read(bases.resolve(Golden.text(json, "base")));
                        return new AdapterGolden(folder, base, Golden.requests(json, base.folder()), null);
                    })
                    .toList()
                    .stream();
        }
    }

    private static AdapterGolden read(Path folder, Path bases) {
        Map<?, ?> json = Golden.readJson(folder.resolve("golden.json"));
        Golden base = Golden.read(bases.resolve(Golden.text(json, "base")));
        return new AdapterGolden(folder, base, Golden.requests(json, base.folder()), (String) json.get("sameAs"));
    }

    /** The name of the folder. */
    public String name() {
        return folder.getFileName().toString();
    }

    /** The weights after PEFT has merged the adapter, by canonical name. */
    Map<String, TensorInfo> merged() {
        Map<String, TensorInfo> merged = new LinkedHashMap<>();
        values().tensors().forEach((name, tensor) -> {
            if (name.startsWith("merged.")) {
                merged.put(name.substring("merged.".length()), tensor);
            }
        });
        return merged;
    }

    float[] read(TensorInfo tensor) {
        float[] numbers = new float[Math.toIntExact(tensor.elementCount())];
        values().readFloats(tensor, 0, FloatBuffer.wrap(numbers));
        return numbers;
    }

    private SafeTensorsFile values() {
        return SafeTensorsFile.read(folder.resolve("golden.safetensors"));
    }

    /** The name of the case. */
    @Override
    public String toString() {
        return name();
    }
}
