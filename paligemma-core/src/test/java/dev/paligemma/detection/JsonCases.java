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

    @SuppressWarnings("unchecked")
    static List<Integer> ints(@Nullable Object list) {
        return ((List<Number>) Objects.requireNonNull(list))
                .stream().map(Number::intValue).toList();
    }

    static int number(Map<String, Object> object, String field) {
        return ((Number) Objects.requireNonNull(object.get(field))).intValue();
    }

    private static @Nullable Object value(JsonParser json) throws IOException {
        JsonToken token = Objects.requireNonNull(json.currentToken());
        switch (token) {
            case START_ARRAY:
                List<@Nullable Object> list = new ArrayList<>();
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(json));
                }
                return list;
            case START_OBJECT:
                Map<String, @Nullable Object> object = new LinkedHashMap<>();
                while (json.nextToken() != JsonToken.END_OBJECT) {
                    String name = json.currentName();
                    json.nextToken();
                    object.put(name, value(json));
                }
                return object;
            case VALUE_STRING:
                return json.getText();
            case VALUE_NUMBER_INT:
                return json.getIntValue();
            case VALUE_NUMBER_FLOAT:
                return json.getDoubleValue();
            case VALUE_NULL:
                return null;
            default:
                throw new IOException("unexpected " + token);
        }
    }
}
