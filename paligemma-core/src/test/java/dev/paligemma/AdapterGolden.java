package dev.paligemma;

import dev.paligemma.engine.checkpoint.JsonObject;
import dev.paligemma.engine.checkpoint.SafeTensorsFile;
import dev.paligemma.engine.checkpoint.TensorInfo;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The stored adapters with what PEFT computes with them; {@code src/reference/adapters/README.md} describes the files.
 *
 * @param folder the adapter, with {@code golden.json} and perhaps {@code golden.safetensors}
 * @param base the checkpoint it is for
 * @param sameAs the case that this one repeats with other names of tensors, or null
 */
record AdapterGolden(Path folder, Path base, @Nullable String sameAs) {
    /** Of large tables only every so many rows are stored. */
    static final int ROW_STEP = 41;

    static Stream<AdapterGolden> all() throws IOException {
        try (Stream<Path> folders = Files.list(root("/adapters"))) {
            return folders.sorted().map(AdapterGolden::read).toList().stream();
        }
    }

    /** Those that have values of their own. */
    static Stream<AdapterGolden> originals() throws IOException {
        return all().filter(golden -> golden.sameAs() == null);
    }

    static AdapterGolden of(String name) {
        return read(root("/adapters").resolve(name));
    }

    private static AdapterGolden read(Path folder) {
        JsonObject json = JsonObject.read(folder.resolve("golden.json"), 1 << 20);
        String base = Objects.requireNonNull(json.stringOrNull("base"));
        return new AdapterGolden(folder, root("/golden").resolve(base), json.stringOrNull("sameAs"));
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

    private static Path root(String resource) {
        URL url = Objects.requireNonNull(AdapterGolden.class.getResource(resource), resource);
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The name of the case. */
    @Override
    public String toString() {
        return folder.getFileName().toString();
    }
}
