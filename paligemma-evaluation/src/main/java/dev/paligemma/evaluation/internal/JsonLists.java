package dev.paligemma.evaluation.internal;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.evaluation.metric.EvaluationException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Reads a file that is a list of objects, or an object with such lists, piece by piece: some have hundreds of megabytes. Stateless. */
public final class JsonLists {
    private static final long MAX_BYTES = 4L << 30;
    private static final int MAX_ENTRIES = 20_000_000;

    private JsonLists() {}

    private interface Reading<T> {
        T read(JsonParser parser) throws IOException;
    }

    /** Whether a file begins as a list. */
    public static boolean isList(Path file) {
        return read(file, parser -> {
            JsonToken first = parser.nextToken();
            if (first != JsonToken.START_ARRAY && first != JsonToken.START_OBJECT) {
                throw new EvaluationException(file
                        + (first == null ? " is empty" : " holds neither an object nor a list") + "; expected JSON");
            }
            return first == JsonToken.START_ARRAY;
        });
    }

    /** The names of the lists of the first object in a file, a line of it or all. */
    public static Set<String> names(Path file) {
        return read(file, parser -> {
            Set<String> names = new LinkedHashSet<>();
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                if (parser.nextToken() == JsonToken.START_ARRAY) {
                    names.add(name);
                }
                parser.skipChildren();
            }
            return names;
        });
    }

    /** Hands every entry of a list to the consumer; their places name file and number. */
    public static void ofList(Path file, Consumer<JsonObject> entries) {
        read(file, parser -> {
            if (parser.nextToken() != JsonToken.START_ARRAY) {
                throw new EvaluationException(file + " must be a list");
            }
            entries(parser, file + ": entry ", "", entries);
            return true;
        });
    }

    /** Hands the entries of some lists of an object to their consumers, in the order of the file. All must be there. */
    public static void ofObject(Path file, Map<String, Consumer<JsonObject>> lists) {
        read(file, parser -> {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new EvaluationException(file + " does not hold a JSON object");
            }
            Set<String> seen = new LinkedHashSet<>();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                Consumer<JsonObject> entries = lists.get(name);
                if (entries == null) {
                    parser.skipChildren();
                } else if (value != JsonToken.START_ARRAY) {
                    throw new EvaluationException(file + ": " + name + " must be a list");
                } else {
                    seen.add(name);
                    entries(parser, file + ": " + name + "[", "]", entries);
                }
            }
            if (!seen.containsAll(lists.keySet())) {
                throw new EvaluationException(file + " must have the lists " + String.join(", ", lists.keySet())
                        + ", got " + (seen.isEmpty() ? "none of them" : "only " + String.join(", ", seen)));
            }
            return true;
        });
    }

    private static void entries(JsonParser parser, String before, String behind, Consumer<JsonObject> entries)
            throws IOException {
        for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
            if (i == MAX_ENTRIES) {
                throw new EvaluationException(before + i + behind + " is one too many");
            }
            entries.accept(Json.objectAt(parser, before + i + behind, EvaluationException::new));
        }
    }

    private static <T> T read(Path file, Reading<T> reading) {
        Path real = InputFiles.regular(file, EvaluationException::new);
        try (JsonParser parser = Json.parser(new BufferedInputStream(Files.newInputStream(real), 1 << 16), MAX_BYTES)) {
            return reading.read(parser);
        } catch (IOException e) {
            throw Json.malformed(file, e, EvaluationException::new);
        }
    }
}
