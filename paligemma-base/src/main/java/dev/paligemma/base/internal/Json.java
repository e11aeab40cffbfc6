package dev.paligemma.base.internal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import dev.paligemma.base.PaliGemmaException;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
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

/**
 * The one JSON parser of the library, fit for untrusted text: bounded in depth and lengths, strict about UTF-8. What was read
 * can be written again. Stateless.
 */
public final class Json {
    /** The tokenizer.json of Gemma has some 17 million. Jackson has a limit of its own only since 2.16. */
    private static final long MAX_BYTES = 1L << 27;

    private static final int MAX_STRING_CHARS = 4 << 20;
    private static final int MAX_NUMBER_CHARS = 40;
    private static final int MAX_DEPTH = 64;

    /** Names are neither interned nor shared between files: nothing of a hostile file outlives its parser. */
    private static final JsonFactory STREAMING = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(MAX_STRING_CHARS)
                    .maxNumberLength(MAX_NUMBER_CHARS)
                    .build())
            .build();

    private static final JsonFactory FACTORY = STREAMING
            .rebuild()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** A picture in base64 is one text. How long the document may be bounds it as well. */
    private static final JsonFactory LARGE_TEXTS = FACTORY.rebuild()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength((int) MAX_BYTES)
                    .maxNumberLength(MAX_NUMBER_CHARS)
                    .build())
            .build();

    private Json() {}

    /**
     * A parser of UTF-8 text, which is closed with it, that refuses malformed bytes and a name that comes twice in an
     * object.
     */
    public static JsonParser parser(InputStream utf8) throws IOException {
        return parser(utf8, MAX_BYTES);
    }

    /** The same of a document that may have so many bytes. */
    public static JsonParser parser(InputStream utf8, long maxBytes) throws IOException {
        return parser(FACTORY, utf8, maxBytes);
    }

    private static JsonParser parser(JsonFactory factory, InputStream utf8, long maxBytes) throws IOException {
        return new BoundedNames(factory.createParser(strict(utf8, maxBytes)));
    }

    /**
     * The same without the check for names that come twice, which would keep all names of an object: for maps of hundreds
     * of thousands of entries.
     */
    public static JsonParser streamingParser(InputStream utf8) throws IOException {
        return new BoundedNames(STREAMING.createParser(strict(utf8, MAX_BYTES)));
    }

    private static Reader strict(InputStream utf8, long maxBytes) {
        return new InputStreamReader(
                new Bounded(utf8, maxBytes),
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT));
    }

    /** Ends a document that is longer than any that this library reads. */
    private static final class Bounded extends FilterInputStream {
        private final long maxBytes;
        private long left;

        Bounded(InputStream in, long maxBytes) {
            super(in);
            this.maxBytes = maxBytes;
            this.left = maxBytes;
        }

        @Override
        public int read() throws IOException {
            int value = super.read();
            count(value < 0 ? 0 : 1);
            return value;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            int count = super.read(target, offset, length);
            count(Math.max(count, 0));
            return count;
        }

        private void count(int bytes) throws IOException {
            left -= bytes;
            if (left < 0) {
                throw new StreamConstraintsException("the document is longer than " + maxBytes + " bytes");
            }
        }
    }

    /**
     * Reads a file that holds one JSON object.
     *
     * @param file a regular file, or a link to one
     * @param maxBytes the largest size that is read
     * @param failure makes the exception if the file is missing, larger than the limit, or not a well-formed object, and
     *     those of the object
     */
    public static JsonObject readObject(Path file, long maxBytes, Failure failure) {
        Path real = InputFiles.regular(file, failure);
        try {
            long size = Files.size(real);
            if (size > maxBytes) {
                throw failure.of(file + " has " + size + " bytes, expected at most " + maxBytes);
            }
            return readObject(file.toString(), Files.newInputStream(real), failure);
        } catch (IOException e) {
            throw malformed(file, e, failure);
        }
    }

    /** As {@link #readObject(Path, long, Failure)}, of bytes; {@code where} is what they are, for messages. */
    public static JsonObject readObject(String where, byte[] utf8, Failure failure) {
        try {
            return readObject(where, new ByteArrayInputStream(utf8), failure);
        } catch (IOException e) {
            throw failure.of(malformed(where, e), e);
        }
    }

    /** The same of an object with texts that are as long as the document may be. */
    public static JsonObject readLargeObject(String where, byte[] utf8, Failure failure) {
        try (JsonParser parser = parser(LARGE_TEXTS, new ByteArrayInputStream(utf8), MAX_BYTES)) {
            return readObject(where, parser, failure);
        } catch (IOException e) {
            throw failure.of(malformed(where, e), e);
        }
    }

    private static JsonObject readObject(String where, InputStream utf8, Failure failure) throws IOException {
        try (JsonParser parser = parser(utf8)) {
            return readObject(where, parser, failure);
        }
    }

    private static JsonObject readObject(String where, JsonParser parser, Failure failure) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw failure.of(where + " does not hold a JSON object");
        }
        Map<String, @Nullable Object> members = members(parser);
        if (parser.nextToken() != null) {
            throw failure.of(where + " has text after the JSON object");
        }
        return new JsonObject(where, members, failure);
    }

    /**
     * The object that begins at the current token of a parser; {@code where} is what to call it in messages. Afterwards the
     * parser stands at its end.
     */
    public static JsonObject objectAt(JsonParser parser, String where, Failure failure) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw failure.of(where + " is not a JSON object");
        }
        return new JsonObject(where, members(parser), failure);
    }

    /** The exception for JSON text that could not be read: either not JSON, or not UTF-8, or a failing disk. */
    public static PaliGemmaException malformed(Path file, IOException e, Failure failure) {
        return e instanceof JsonProcessingException || e instanceof CharacterCodingException
                ? failure.of(malformed(file.toString(), e), e)
                : InputFiles.unreadable(file, e, failure);
    }

    private static String malformed(String where, IOException e) {
        if (e instanceof JsonProcessingException json) {
            String at = json.getLocation() == null
                    ? ""
                    : " at line " + json.getLocation().getLineNr() + ", column "
                            + json.getLocation().getColumnNr();
            String problem = Quote.quote(words(json));
            return json instanceof StreamConstraintsException
                    ? where + " goes beyond a limit on JSON" + at + ": " + problem
                    : where + " is not valid JSON" + at + ": " + problem;
        }
        return where + " is not valid JSON: malformed UTF-8";
    }

    /** What the parser has to say to people, without the names of its own settings; not quoted. */
    public static String words(JsonProcessingException problem) {
        return JsonProblem.words(problem.getOriginalMessage());
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

    /**
     * Writes a tree as JSON text.
     *
     * @param members the members of an object; their values are maps, lists, texts, numbers, truth values or null
     * @param indented whether every member gets a line of its own
     * @return the text, without a line break at its end
     * @throws IllegalArgumentException if a value is something else
     */
    public static String text(Map<?, ?> members, boolean indented) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = STREAMING.createGenerator(text)) {
            if (indented) {
                json.useDefaultPrettyPrinter();
            }
            write(json, members);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory does not fail", e);
        }
        return text.toString();
    }

    private static void write(JsonGenerator json, @Nullable Object value) throws IOException {
        if (value == null) {
            json.writeNull();
        } else if (value instanceof Map<?, ?> map) {
            json.writeStartObject();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                json.writeFieldName(String.valueOf(entry.getKey()));
                write(json, entry.getValue());
            }
            json.writeEndObject();
        } else if (value instanceof List<?> list) {
            json.writeStartArray();
            for (Object element : list) {
                write(json, element);
            }
            json.writeEndArray();
        } else if (value instanceof String text) {
            json.writeString(text);
        } else if (value instanceof Boolean flag) {
            json.writeBoolean(flag);
        } else if (value instanceof Integer number) {
            json.writeNumber(number);
        } else if (value instanceof Long number) {
            json.writeNumber(number);
        } else if (value instanceof BigInteger number) {
            json.writeNumber(number);
        } else if (value instanceof Float number) {
            json.writeNumber(number);
        } else if (value instanceof Double number) {
            json.writeNumber(number);
        } else {
            throw new IllegalArgumentException("JSON has no form for " + value.getClass());
        }
    }
}
