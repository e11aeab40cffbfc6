package dev.paligemma.detection;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The files that {@code src/reference/detections} makes: a list of objects each. */
final class JsonCases {
    private JsonCases() {}

    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> read(String name) {
        try (InputStream in = Objects.requireNonNull(JsonCases.class.getResourceAsStream("/detections/" + name), name);
                JsonParser json = new JsonFactory().createParser(in)) {
            json.nextToken();
            return (List<Map<String, Object>>) Objects.requireNonNull(value(json));
        } catch (IOException e) {
            throw new IllegalStateException(name, e);
        }
    }

    /** A field that is there. */
    static Object get(Map<String, Object> object, String field) {
        return Objects.requireNonNull(object.get(field), field);
    }

    static String text(Map<String, Object> object, String field) {
        return (String) get(object, field);
    }

    static double number(Map<String, Object> object, String field) {
        return ((Number) get(object, field)).doubleValue();
    }

    @SuppressWarnings("unchecked")
    static <T> List<T> list(Map<String, Object> object, String field) {
        return (List<T>) get(object, field);
    }

    private static @Nullable Object value(JsonParser json) throws IOException {
        JsonToken token = Objects.requireNonNull(json.currentToken());
        return switch (token) {
            case START_ARRAY -> array(json);
            case START_OBJECT -> object(json);
            case VALUE_STRING -> json.getText();
            case VALUE_NUMBER_INT -> json.getIntValue();
            case VALUE_NUMBER_FLOAT -> json.getDoubleValue();
            case VALUE_NULL -> null;
            default -> throw new IOException("unexpected " + token);
        };
    }

    private static List<@Nullable Object> array(JsonParser json) throws IOException {
        List<@Nullable Object> list = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            list.add(value(json));
        }
        return list;
    }

    private static Map<String, @Nullable Object> object(JsonParser json) throws IOException {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            json.nextToken();
            object.put(name, value(json));
        }
        return object;
    }
}
