package dev.paligemma.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The test resources, all made by the scripts in {@code src/reference/tokenizer}. */
final class TestFiles {

    /** Of the shape of PaliGemma's file. */
    static final String PALIGEMMA = "paligemma.json";

    /** Of the shape of the first Gemma's file, with merges ahead of the vocabulary and byte tokens missing. */
    static final String GEMMA = "gemma.json";

    /** A SentencePiece model of the shape of PaliGemma's. */
    static final String PALIGEMMA_MODEL = "paligemma.model";

    /** What transformers converts that model to. */
    static final String PALIGEMMA_CONVERTED = "paligemma.model.json";

    /** A SentencePiece model of the shape of a text-only Gemma's. */
    static final String GEMMA_MODEL = "gemma.model";

    private TestFiles() {}

    static PaliGemmaTokenizer load(String name) {
        return parse(text(name));
    }

    static PaliGemmaTokenizer parse(String json) {
        return parse(json.getBytes(StandardCharsets.UTF_8));
    }

    static PaliGemmaTokenizer parse(byte[] json) {
        return PaliGemmaTokenizer.load(new ByteArrayInputStream(json), "test.json");
    }

    static PaliGemmaTokenizer loadModel(String name) {
        return PaliGemmaTokenizer.loadSentencePiece(
                Objects.requireNonNull(TestFiles.class.getResourceAsStream(name), name), name);
    }

    static String text(String name) {
        try (InputStream in = Objects.requireNonNull(TestFiles.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads a file of JSON arrays, one a line. */
    static List<List<Object>> lines(String name) {
        List<List<Object>> rows = new ArrayList<>();
        for (String line : text(name).split("\n")) {
            rows.add(line(line));
        }
        return rows;
    }

    /** Reads a JSON array. */
    static List<Object> line(String json) {
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            parser.nextToken();
            return array(parser);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Object> array(JsonParser parser) throws IOException {
        List<Object> values = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            switch (token) {
                case START_ARRAY -> values.add(array(parser));
                case VALUE_STRING -> values.add(parser.getText());
                case VALUE_NUMBER_INT -> values.add(parser.getIntValue());
                case VALUE_TRUE, VALUE_FALSE -> values.add(parser.getBooleanValue());
                case VALUE_NULL -> values.add(null);
                default -> throw new IllegalStateException("unexpected " + token);
            }
        }
        return values;
    }

    static int[] ints(Object list) {
        return ((List<?>) list).stream().mapToInt(value -> (Integer) value).toArray();
    }
}
