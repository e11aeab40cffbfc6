package dev.paligemma.engine.checkpoint;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One object of a JSON file with typed, range-checked access. Immutable.
 *
 * <p>A member that is null counts as absent, except for {@link #isNull}. Every error names file and member.
 */
final class JsonObject {
    private final String where;
    private final Map<String, @Nullable Object> members;

    JsonObject(String where, Map<String, @Nullable Object> members) {
        this.where = where;
        this.members = members;
    }

    /** The file and the way to this object, for messages. */
    String where() {
        return where;
    }

    Map<String, @Nullable Object> members() {
        return members;
    }

    boolean has(String name) {
        return members.get(name) != null;
    }

    /** True if the member is there and says null. */
    boolean isNull(String name) {
        return members.containsKey(name) && members.get(name) == null;
    }

    @Nullable
    JsonObject objectOrNull(String name) {
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
        return new JsonObject(where + ": " + name, inner);
    }

    JsonObject object(String name) {
        JsonObject value = objectOrNull(name);
        if (value == null) {
            throw new CheckpointException(where + ": " + name + " is missing, expected an object");
        }
        return value;
    }

    @Nullable
    String stringOrNull(String name) {
        Object value = members.get(name);
        if (value == null) {
            return null;
        }
        if (value instanceof String text) {
            return text;
        }
        throw wrong(name, "a string");
    }

    boolean bool(String name, boolean fallback) {
        Object value = members.get(name);
        if (value == null) {
            return fallback;
        }
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw wrong(name, "true or false");
    }

    @Nullable
    Integer integerOrNull(String name, int min, int max) {
        Object value = members.get(name);
        return value == null ? null : asInteger(name, value, min, max);
    }

    int integer(String name, int fallback, int min, int max) {
        Integer value = integerOrNull(name, min, max);
        return value == null ? fallback : value;
    }

    int asInteger(String name, @Nullable Object value, int min, int max) {
        if (value instanceof Long number && number >= min && number <= max) {
            return number.intValue();
        }
        throw new CheckpointException(
                where + ": " + name + " must be an integer from " + min + " to " + max + ", got " + describe(value));
    }

    @Nullable
    Double numberOrNull(String name, double min, double max) {
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

    double number(String name, double fallback, double min, double max) {
        Double value = numberOrNull(name, min, max);
        return value == null ? fallback : value;
    }

    @Nullable
    List<@Nullable Object> listOrNull(String name) {
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

    CheckpointException wrong(String name, String expected) {
        return new CheckpointException(
                where + ": " + name + " must be " + expected + ", got " + describe(members.get(name)));
    }

    static String describe(@Nullable Object value) {
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
