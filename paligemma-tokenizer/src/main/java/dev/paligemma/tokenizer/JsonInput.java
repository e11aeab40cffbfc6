package dev.paligemma.tokenizer;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.Quote;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON from a file that is not trusted: sizes and nesting are capped, types are checked, and every error tells
 * the line and column. Confined to one thread.
 */
final class JsonInput implements Closeable {

    /** Handles the fields of an object; the parser stands at the value. */
    interface FieldHandler {
        /** Reads the value of a field, all of it. */
        void read(String field) throws IOException;
    }

    private static final int MAX_TREE_NODES = 1 << 10;

    private final String source;
    private final JsonParser parser;

    /** Opens a document of UTF-8 bytes, closed with this object; the source is its name in errors. */
    JsonInput(InputStream in, String source) throws IOException {
        this.source = source;
        this.parser = Json.streamingParser(in);
    }

    /** Moves to the next token and returns it. */
    JsonToken next() throws IOException {
        JsonToken token = parser.nextToken();
        if (token == null) {
            throw error("the document ends early");
        }
        return token;
    }

    /** Fails unless the document has ended. */
    void expectEnd() throws IOException {
        if (parser.nextToken() != null) {
            throw error("there is more after the end of the document");
        }
    }

    /** Reads the fields of the object at the current place, none of which may come twice. */
    void readObject(String what, FieldHandler handler) throws IOException {
        require(JsonToken.START_OBJECT, what, "an object");
        Set<String> seen = new HashSet<>();
        while (next() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            if (!seen.add(field)) {
                throw error(what + " has the field " + Quote.quote(field) + " twice");
            }
            next();
            handler.read(field);
        }
    }

    /** Skips the value at the current place. */
    void skip() throws IOException {
        parser.skipChildren();
    }

    String string(String what) throws IOException {
        require(JsonToken.VALUE_STRING, what, "a string");
        return parser.getText();
    }

    @Nullable
    String stringOrNull(String what) throws IOException {
        return parser.currentToken() == JsonToken.VALUE_NULL ? null : string(what);
    }

    boolean bool(String what) throws IOException {
        JsonToken token = parser.currentToken();
        if (token != JsonToken.VALUE_TRUE && token != JsonToken.VALUE_FALSE) {
            throw error(what + " must be true or false, but is " + found());
        }
        return token == JsonToken.VALUE_TRUE;
    }

    /** Tells whether the value at the current place is an integer of 0 to {@code max}. */
    boolean isInteger(int max) throws IOException {
        return parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                && parser.getNumberType() == JsonParser.NumberType.INT
                && parser.getIntValue() >= 0
                && parser.getIntValue() <= max;
    }

    /** Reads an integer of 0 to {@code max}. */
    int integer(String what, int max) throws IOException {
        if (!isInteger(max)) {
            throw error(what + " must be an integer of 0 to " + max + ", but is " + found());
        }
        return parser.getIntValue();
    }

    /** Gives the parser for the hot loops. */
    JsonParser parser() {
        return parser;
    }

    /** Reads the value at the current place as maps, lists, strings, booleans, numbers and nulls; it must be small. */
    @Nullable
    Object tree(String what) throws IOException {
        return tree(what, new int[] {MAX_TREE_NODES});
    }

    private @Nullable Object tree(String what, int[] budget) throws IOException {
        if (--budget[0] < 0) {
            throw error(what + " has more than " + MAX_TREE_NODES + " values");
        }
        // Recursion is bounded by the depth that the parser allows.
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                readObject(what, field -> map.put(field, tree(what, budget)));
                yield map;
            }
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (next() != JsonToken.END_ARRAY) {
                    list.add(tree(what, budget));
                }
                yield list;
            }
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> parser.getText();
        };
    }

    void require(JsonToken expected, String what, String expectedName) throws IOException {
        if (parser.currentToken() != expected) {
            throw error(what + " must be " + expectedName + ", but is " + found());
        }
    }

    /** Describes the value at the current place, for errors. */
    String found() throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT, END_OBJECT, FIELD_NAME -> "an object";
            case START_ARRAY, END_ARRAY -> "an array";
            case VALUE_STRING -> "the string " + Quote.quote(parser.getText());
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "the number " + parser.getText();
            case VALUE_TRUE -> "true";
            case VALUE_FALSE -> "false";
            case VALUE_NULL -> "null";
            case NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT -> "something else";
        };
    }

    /** Makes an exception that names the document and the current place. */
    TokenizerException error(String message) {
        return new TokenizerException(source + where(parser.currentLocation()) + ": " + message);
    }

    static String where(@Nullable JsonLocation location) {
        return location == null ? "" : ", line " + location.getLineNr() + ", column " + location.getColumnNr();
    }

    @Override
    public void close() throws IOException {
        parser.close();
    }
}
