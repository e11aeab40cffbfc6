package dev.paligemma.hub;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Reads which files an index of safetensors shards names. */
final class WeightIndex {
    static final String SUFFIX = ".index.json";

    static final int MAX_BYTES = 8 << 20;

    private static final int MAX_SHARDS = 1_000;

    private WeightIndex() {}

    static boolean isIndex(String file) {
        return file.endsWith(".safetensors" + SUFFIX);
    }

    /**
     * The shards of an index.
     *
     * @param index the file
     * @param name the index's path in the repository; shards lie beside it
     * @return paths in the repository
     * @throws HubException if the file is no index, or names something that is no shard
     */
    static List<String> shards(Path index, String name) {
        Set<String> shards = new LinkedHashSet<>();
        String folder = name.substring(0, name.lastIndexOf('/') + 1);
        try {
            if (Files.size(index) > MAX_BYTES) {
                throw new HubException(Kind.BAD_ANSWER, index + " has more than " + MAX_BYTES + " bytes");
            }
            try (JsonParser parser = JsonText.parser(Files.readAllBytes(index))) {
                parser.nextToken();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    boolean isMap = parser.currentName().equals("weight_map");
                    if (parser.nextToken() == JsonToken.START_OBJECT && isMap) {
                        read(parser, index, folder, shards);
                    } else {
                        parser.skipChildren();
                    }
                }
            }
        } catch (JsonProcessingException e) {
            throw new HubException(
                    Kind.BAD_ANSWER,
                    index + " is not valid JSON, expected an index of weights: "
                            + FreeText.printable(String.valueOf(e.getOriginalMessage()), 200),
                    e);
        } catch (IOException e) {
            throw new HubException(Kind.DISK, "cannot read " + index + ": " + e, e);
        }
        if (shards.isEmpty()) {
            throw new HubException(Kind.BAD_ANSWER, index + " names no weight files");
        }
        return List.copyOf(shards);
    }

    private static void read(JsonParser parser, Path index, String folder, Set<String> shards) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            if (parser.nextToken() != JsonToken.VALUE_STRING) {
                throw new HubException(Kind.BAD_ANSWER, index + ": a tensor has no file");
            }
            String shard = parser.getText();
            if (!FileNames.isSafePart(shard) || !shard.endsWith(".safetensors")) {
                throw new HubException(
                        Kind.BAD_ANSWER,
                        index + " names '" + FreeText.printable(shard, 100)
                                + "' as a weight file; expected a .safetensors file in the same folder");
            }
            shards.add(folder + shard);
            if (shards.size() > MAX_SHARDS) {
                throw new HubException(Kind.BAD_ANSWER, index + " names more than " + MAX_SHARDS + " files");
            }
        }
    }
}
