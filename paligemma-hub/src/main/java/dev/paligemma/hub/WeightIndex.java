package dev.paligemma.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads which files an index of safetensors shards names. */
final class WeightIndex {
    static final String SUFFIX = ".index.json";

    static final int MAX_BYTES = 8 << 20;

    private static final int MAX_SHARDS = 1_000;

    private WeightIndex() {}

    static boolean isIndex(String file) {
        return file.endsWith(".safetensors" + SUFFIX);
    }

    /** The paths in the repository of the shards of an index file, beside whose own path there they lie. */
    static List<String> shards(Path index, String name) {
        Set<String> shards = new LinkedHashSet<>();
        String folder = name.substring(0, name.lastIndexOf('/') + 1);
        JsonObject map = Json.readObject(index, MAX_BYTES, WeightIndex::failure).objectOrNull("weight_map");
        for (Object shard : map == null ? List.of() : map.members().values()) {
            if (!(shard instanceof String file) || !FileNames.isSafePart(file) || !file.endsWith(".safetensors")) {
                throw bad(index + " names " + JsonObject.describe(shard)
                        + " as a weight file; expected a .safetensors file in the same folder");
            }
            shards.add(folder + file);
            if (shards.size() > MAX_SHARDS) {
                throw bad(index + " names more than " + MAX_SHARDS + " files");
            }
        }
        if (shards.isEmpty()) {
            throw bad(index + " names no weight files");
        }
        return List.copyOf(shards);
    }

    private static HubException failure(String message, @Nullable Throwable cause) {
        boolean disk = cause instanceof IOException && !(cause instanceof JsonProcessingException);
        return new HubException(disk ? Kind.DISK : Kind.BAD_ANSWER, message, cause);
    }

    private static HubException bad(String message) {
        return failure(message, null);
    }
}
