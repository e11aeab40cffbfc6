package dev.paligemma.engine.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import dev.paligemma.base.internal.Quote;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads JSON from untrusted files with limits on depth, length and count, refusing duplicate keys. */
final class Json {
    private static final int MAX_NAME_CHARS = 1_000;
    private static final int MAX_STRING_CHARS = 4 << 20;
    private static final int MAX_NUMBER_CHARS = 40;
    private static final int MAX_DEPTH = 32;

    /** Names are neither interned nor shared between files: nothing of a hostile file outlives its parser. */
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxNameLength(MAX_NAME_CHARS)
                    .maxStringLength(MAX_STRING_CHARS)
                    .maxNumberLength(MAX_NUMBER_CHARS)
                    .build())
            .build();

    private Json() {}

    /** A parser of UTF-8 text, strict about malformed bytes, that closes the stream with itself. */
    static JsonParser parser(InputStream utf8) throws IOException {
        Reader text = new InputStreamReader(
                utf8,
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT));
        return FACTORY.createParser(text);
    }

    /**
     * Reads a file that holds one JSON object.
     *
     * @throws CheckpointException if the file is missing, larger than the limit, or not a well-formed object
     */
    static JsonObject readObject(Path file, long maxBytes) {
        Path real = InputFiles.regular(file);
        try {
            long size = Files.size(real);
            if (size > maxBytes) {
                throw new CheckpointException(file + " has " + size + " bytes, expected at most " + maxBytes);
            }
            return readObject(file.toString(), Files.newInputStream(real));
        } catch (IOException e) {
            throw malformed(file, e);
        }
    }

    /**
     * Reads bytes that hold one JSON object.
     *
     * @param where what the bytes are, for messages
     * @throws CheckpointException if they are not a well-formed object
     */
    static JsonObject readObject(String where, byte[] utf8) {
        try {
            return readObject(where, new ByteArrayInputStream(utf8));
        } catch (IOException e) {
            throw new CheckpointException(malformed(where, e), e);
        }
    }

    private static JsonObject readObject(String where, InputStream utf8) throws IOException {
        try (JsonParser parser = parser(utf8)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new CheckpointException(where + " does not hold a JSON object");
            }
            Map<String, @Nullable Object> members = members(parser);
            if (parser.nextToken() != null) {
                throw new CheckpointException(where + " has text after the JSON object");
            }
            return new JsonObject(where, members);
        }
    }

    /** The exception for JSON text that could not be read: either not JSON, or not UTF-8, or a failing disk. */
    static CheckpointException malformed(Path file, IOException e) {
        return e instanceof JsonProcessingException || e instanceof CharacterCodingException
                ? new CheckpointException(malformed(file.toString(), e), e)
                : InputFiles.unreadable(file, e);
    }

    private static String malformed(String where, IOException e) {
        if (e instanceof JsonProcessingException json) {
            String at = json.getLocation() == null
                    ? ""
                    : " at line " + json.getLocation().getLineNr() + ", column "
                            + json.getLocation().getColumnNr();
            String problem = Quote.quote(JsonProblem.words(json.getOriginalMessage()));
            return json instanceof StreamConstraintsException
                    ? where + " goes beyond a limit on JSON" + at + ": " + problem
                    : where + " is not valid JSON" + at + ": " + problem;
        }
        return where + " is not valid JSON: malformed UTF-8";
    }

    private static Map<String, @Nullable Object> members(JsonParser parser) throws IOException {
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            members.put(name, value(parser));
        }
        return Collections.unmodifiableMap(members);
    }

    private static List<@Nullable Object> elements(JsonParser parser) throws IOException {
        List<@Nullable Object> elements = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            elements.add(value(parser));
        }
        return Collections.unmodifiableList(elements);
    }

    /** Objects as maps, arrays as lists, integers as Long or BigInteger, other numbers as Double, null as null. */
    private static @Nullable Object value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> members(parser);
            case START_ARRAY -> elements(parser);
            case VALUE_STRING -> parser.getText();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_NUMBER_INT ->
                parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                        ? parser.getBigIntegerValue()
                        : (Object) parser.getLongValue();
            default -> throw new IllegalStateException("unexpected token " + parser.currentToken());
        };
    }
}
