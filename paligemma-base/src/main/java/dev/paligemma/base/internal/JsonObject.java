package dev.paligemma.base.internal;

import dev.paligemma.base.PaliGemmaException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One object of a JSON file with typed, range-checked access. Immutable.
 *
 * <p>A member that is null counts as absent, except for {@link #isNull}. What is something else or out of range is an error
 * of the type that the reader asked for, which names file and member.
 */
public final class JsonObject {
    private final String where;
    private final Map<String, @Nullable Object> members;

    private final Failure failure;

    JsonObject(String where, Map<String, @Nullable Object> members, Failure failure) {
        this.where = where;
        this.members = members;
        this.failure = failure;
    }

    /** The file and the way to this object, for messages, for example {@code /models/config.json: text_config}. */
    public String where() {
        return where;
    }

    /**
     * All members as they are: an unmodifiable map in the order of the file; objects are maps, arrays lists, integers
     * Long or BigInteger, other numbers Double, and null is null.
     */
    public Map<String, @Nullable Object> members() {
        return members;
    }

    /** Whether a member is there and not null. */
    public boolean has(String name) {
        return members.get(name) != null;
    }

    /** Whether a member is there and says null. */
    public boolean isNull(String name) {
        return members.containsKey(name) && members.get(name) == null;
    }

    /** An object; null if the member is absent. */
    public @Nullable JsonObject objectOrNull(String name) {
        Object value = members.get(name);
        if (value == null) {
            return null;
        }
        if (!(value instanceof Map)) {
            throw wrong(name, "an object");
        }
        // Json puts only string keys into maps.
        @SuppressWarnings("unchecked")
        Map<String, @Nullable Object> inner = (Map<String, @Nullable Object>) value;
        return new JsonObject(where + ": " + name, inner, failure);
    }

    /** An object that must be there. */
    public JsonObject object(String name) {
        JsonObject value = objectOrNull(name);
        if (value == null) {
            throw failure.of(where + ": " + name + " is missing, expected an object");
        }
        return value;
    }

    /** A text; null if the member is absent. */
    public @Nullable String stringOrNull(String name) {
        Object value = members.get(name);
        if (value == null) {
            return null;
        }
        if (value instanceof String text) {
            return text;
        }
        throw wrong(name, "a string");
    }

    /** A truth value; {@code fallback} if the member is absent. */
    public boolean bool(String name, boolean fallback) {
        Object value = members.get(name);
        if (value == null) {
            return fallback;
        }
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw wrong(name, "true or false");
    }

    /** An integer from {@code min} to {@code max}; null if the member is absent. */
    public @Nullable Integer integerOrNull(String name, int min, int max) {
        Object value = members.get(name);
        return value == null ? null : asInteger(name, value, min, max);
    }

    /** An integer from {@code min} to {@code max}; {@code fallback} if the member is absent. */
    public int integer(String name, int fallback, int min, int max) {
        Integer value = integerOrNull(name, min, max);
        return value == null ? fallback : value;
    }

    /**
     * A value of a member or a list as an integer from {@code min} to {@code max}; {@code name} is what to call it in a
     * message.
     */
    public int asInteger(String name, @Nullable Object value, int min, int max) {
        if (value instanceof Long number && number >= min && number <= max) {
            return number.intValue();
        }
        throw failure.of(
                where + ": " + name + " must be an integer from " + min + " to " + max + ", got " + describe(value));
    }

    /** A number from {@code min} to {@code max}; null if the member is absent. */
    public @Nullable Double numberOrNull(String name, double min, double max) {
        Object value = members.get(name);
        if (value == null) {
            return null;
        }
        if (value instanceof Long || value instanceof Double) {
            double number = ((Number) value).doubleValue();
            if (number >= min && number <= max) {
                return number;
            }
        }
        throw wrong(name, "a number from " + min + " to " + max);
    }

    /** A number from {@code min} to {@code max}; {@code fallback} if the member is absent. */
    public double number(String name, double fallback, double min, double max) {
        Double value = numberOrNull(name, min, max);
        return value == null ? fallback : value;
    }

    /** An array as an unmodifiable list; null if the member is absent. */
    public @Nullable List<@Nullable Object> listOrNull(String name) {
        Object value = members.get(name);
        if (value == null) {
            return null;
        }
        if (!(value instanceof List)) {
            throw wrong(name, "a list");
        }
        // Json puts nothing else into lists.
        @SuppressWarnings("unchecked")
        List<@Nullable Object> list = (List<@Nullable Object>) value;
        return list;
    }

    /** An array of objects as an unmodifiable list; empty if the member is absent. */
    public List<JsonObject> objects(String name) {
        List<@Nullable Object> values = listOrNull(name);
        if (values == null) {
            return List.of();
        }
        List<JsonObject> objects = new ArrayList<>(values.size());
        for (int i = 0; i < values.size(); i++) {
            if (!(values.get(i) instanceof Map)) {
                throw wrong(name, "a list of objects");
            }
            // Json puts only string keys into maps.
            @SuppressWarnings("unchecked")
            Map<String, @Nullable Object> inner = (Map<String, @Nullable Object>) values.get(i);
            objects.add(new JsonObject(where + ": " + name + "[" + i + "]", inner, failure));
        }
        return Collections.unmodifiableList(objects);
    }

    /** The error for a member that is not as expected; it names file, member, expectation and value. */
    public PaliGemmaException wrong(String name, String expected) {
        return failure.of(where + ": " + name + " must be " + expected + ", got " + describe(members.get(name)));
    }

    /** A value of a member or a list for a message: a short text. */
    public static String describe(@Nullable Object value) {
        if (value == null) {
            return "null";
        }
        if (value instanceof Map) {
            return "an object";
        }
        if (value instanceof List<?> list) {
            return "a list of " + list.size();
        }
        return value instanceof String text ? Quote.quote(text) : value.toString();
    }
}
