package dev.paligemma.checkpoint.internal.safetensors;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.engine.weights.DType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The JSON header of a safetensors file: read, each entry complete but not yet compared with the file; or written. */
public final class SafeTensorsHeader {
    /** A model of this family has about a thousand tensors; the cap bounds the memory a hostile header can take. */
    public static final int MAX_TENSORS = 100_000;

    private static final String METADATA = "__metadata__";
    private static final int MAX_METADATA = 10_000;
    private static final int MAX_DIMENSIONS = 16;

    /**
     * One tensor, with its first byte and the one behind its last, counted from the start of the data. Of one that was
     * read, numbers are not negative; nothing else is checked.
     */
    public record Entry(String name, DType dtype, long[] shape, long begin, long end) {}

    private final Path file;
    private final JsonParser parser;
    private final List<Entry> tensors = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private SafeTensorsHeader(Path file, JsonParser parser) {
        this.file = file;
        this.parser = parser;
    }

    public static SafeTensorsHeader parse(Path file, InputStream json) throws IOException {
        try (JsonParser parser = Json.parser(json)) {
            SafeTensorsHeader header = new SafeTensorsHeader(file, parser);
            header.readAll();
            return header;
        }
    }

    /**
     * The first bytes of a file, with the number of bytes of the header in front; the data start at a multiple of the
     * alignment.
     */
    public static ByteBuffer bytes(Map<String, String> metadata, Collection<Entry> entries, int alignment) {
        Map<String, Object> members = new LinkedHashMap<>();
        if (!metadata.isEmpty()) {
            members.put(METADATA, metadata);
        }
        for (Entry entry : entries) {
            Map<String, Object> tensor = new LinkedHashMap<>();
            tensor.put("dtype", entry.dtype().name());
            tensor.put("shape", Arrays.stream(entry.shape()).boxed().toList());
            tensor.put("data_offsets", List.of(entry.begin(), entry.end()));
            members.put(entry.name(), tensor);
        }
        byte[] json = Json.text(members, false).getBytes(StandardCharsets.UTF_8);
        int length = Math.addExact(Long.BYTES, json.length);
        int padded = Math.multiplyExact((length + alignment - 1) / alignment, alignment);
        ByteBuffer header = ByteBuffer.allocate(padded).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(padded - Long.BYTES).put(json);
        while (header.hasRemaining()) {
            header.put((byte) ' ');
        }
        return header.flip();
    }

    public List<Entry> tensors() {
        return tensors;
    }

    public Map<String, String> metadata() {
        return metadata;
    }

    private void readAll() throws IOException {
        expect(parser.nextToken(), JsonToken.START_OBJECT, "the header");
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            expect(parser.nextToken(), JsonToken.START_OBJECT, Quote.quote(name));
            if (name.equals(METADATA)) {
                readMetadata();
            } else if (tensors.size() == MAX_TENSORS) {
                throw new CheckpointException(file + " holds more than " + MAX_TENSORS + " tensors");
            } else {
                tensors.add(readTensor(name));
            }
        }
        if (parser.nextToken() != null) {
            throw new CheckpointException(file + ": text after the end of the header object");
        }
    }

    private void readMetadata() throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            expect(parser.nextToken(), JsonToken.VALUE_STRING, "__metadata__ " + Quote.quote(key));
            if (metadata.size() == MAX_METADATA) {
                throw new CheckpointException(file + ": __metadata__ has more than " + MAX_METADATA + " entries");
            }
            metadata.put(key, parser.getText());
        }
    }

    private Entry readTensor(String name) throws IOException {
        DType dtype = null;
        long[] shape = null;
        long[] offsets = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            JsonToken token = parser.nextToken();
            String what = "tensor " + Quote.quote(name) + ": " + Quote.quote(key);
            switch (key) {
                case "dtype" -> dtype = readDType(token, what);
                case "shape" -> shape = readLongs(token, MAX_DIMENSIONS, what);
                case "data_offsets" -> offsets = readLongs(token, 2, what);
                default -> throw new CheckpointException(file + ": " + what + " is not a known field");
            }
        }
        if (dtype == null || shape == null || offsets == null) {
            throw new CheckpointException(file + ": tensor " + Quote.quote(name) + " lacks "
                    + (dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets"));
        }
        if (offsets.length != 2) {
            throw new CheckpointException(file + ": tensor " + Quote.quote(name)
                    + ": data_offsets must have 2 numbers, got " + Arrays.toString(offsets));
        }
        return new Entry(name, dtype, shape, offsets[0], offsets[1]);
    }

    private DType readDType(@Nullable JsonToken token, String what) throws IOException {
        expect(token, JsonToken.VALUE_STRING, what);
        String name = parser.getText();
        List<DType> types =
                Arrays.stream(DType.values()).filter(type -> !type.isComputed()).toList();
        return types.stream()
                .filter(type -> type.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new CheckpointException(
                        file + ": " + what + " " + Quote.quote(name) + " is not supported, expected one of " + types));
    }

    private long[] readLongs(@Nullable JsonToken token, int max, String what) throws IOException {
        expect(token, JsonToken.START_ARRAY, what);
        long[] values = new long[max];
        int count = 0;
        while (parser.nextToken() == JsonToken.VALUE_NUMBER_INT) {
            if (count == max) {
                throw new CheckpointException(file + ": " + what + " has more than " + max + " numbers");
            }
            if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER || parser.getLongValue() < 0) {
                throw new CheckpointException(
                        file + ": " + what + " must hold integers from 0 to 2^63-1, got " + parser.getText());
            }
            values[count++] = parser.getLongValue();
        }
        if (parser.currentToken() != JsonToken.END_ARRAY) {
            throw new CheckpointException(
                    file + ": " + what + " must hold integers from 0 to 2^63-1, got " + words(parser.currentToken()));
        }
        return Arrays.copyOf(values, count);
    }

    private void expect(@Nullable JsonToken got, JsonToken wanted, String what) {
        if (got != wanted) {
            throw new CheckpointException(file + ": " + what + " must be " + words(wanted) + ", got " + words(got));
        }
    }

    /** What begins with a token, for users who do not know the parser. */
    private static String words(@Nullable JsonToken token) {
        if (token == null) {
            return "the end of the header";
        }
        return switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "a list";
            case VALUE_STRING -> "a string";
            case VALUE_NUMBER_INT -> "an integer";
            case VALUE_NUMBER_FLOAT -> "a number with a fraction or an exponent";
            case VALUE_TRUE, VALUE_FALSE -> "a truth value";
            case VALUE_NULL -> "null";
            default -> "something else";
        };
    }
}
