package dev.paligemma.server.internal.typed;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.server.internal.http.Exchange;
import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.server.internal.http.JsonBody;
import dev.paligemma.server.internal.picture.Upload;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What a client sent, field by field, as JSON or as a form. Each field is asked for by its name; {@link #requireNoOthers} then refuses
 * those that nobody asked for. What is wrong is an {@link HttpFailure} that names the field. Confined to one thread.
 *
 * <p>A value is a text, of a form also a file as its bytes; of JSON also a number (Long or Double), a truth value, or a list. A form has
 * lists where a field comes several times.
 */
final class Fields {
    private static final String FORM = "multipart/form-data";
    private static final Pattern INTEGER = Pattern.compile("-?\\d{1,19}");
    private static final Pattern NUMBER = Pattern.compile("-?\\d{1,20}(\\.\\d{1,20})?([eE][+-]?\\d{1,3})?");

    private final Map<String, Object> values;
    private final boolean isForm;
    private final Set<String> known = new LinkedHashSet<>();

    private Fields(Map<String, Object> values, boolean isForm) {
        this.values = values;
        this.isForm = isForm;
    }

    /** Reads the body of a request. */
    static Fields of(Exchange exchange) throws IOException {
        String contentType = exchange.header("Content-Type").orElse("");
        return contentType.split(";", 2)[0].strip().equalsIgnoreCase(FORM)
                ? form(contentType, exchange.body())
                : json(JsonBody.of(exchange));
    }

    private static Fields json(JsonBody body) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (String name : body.names()) {
            Object value = body.value(name);
            if (value != null) {
                values.put(name, value);
            }
        }
        return new Fields(values, false);
    }

    private static Fields form(String contentType, byte[] body) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (FormData.Part part : FormData.parse(contentType, body)) {
            if (!part.isNoFile()) {
                values.merge(part.name(), part.isFile() ? part.bytes() : part.text(), Fields::together);
            }
        }
        return new Fields(values, true);
    }

    private static Object together(Object before, Object now) {
        List<Object> all = new ArrayList<>(before instanceof List<?> several ? several : List.of(before));
        all.add(now);
        return all;
    }

    /** Whether a field is there and not null. */
    boolean has(String name) {
        known.add(name);
        return values.containsKey(name);
    }

    /** A text. */
    Optional<String> text(String name, int maxChars) {
        return single(name).map(value -> text(name, value, maxChars));
    }

    /** A text that must be there. */
    String requiredText(String name, int maxChars) {
        return text(name, maxChars).orElseThrow(() -> missing(name, "a text"));
    }

    /** One of some words. */
    <E extends Enum<E>> E word(String name, Class<E> words, E fallback) {
        List<E> all = List.of(words.getEnumConstants());
        return single(name)
                .map(value -> all.stream()
                        .filter(word -> inRequests(word).equals(value))
                        .findFirst()
                        .orElseThrow(() -> wrong(
                                name,
                                all.stream().map(Fields::inRequests).collect(Collectors.joining(", ", "one of ", "")),
                                value)))
                .orElse(fallback);
    }

    private static String inRequests(Enum<?> word) {
        return word.toString().toLowerCase(Locale.ROOT);
    }

    /** An integer from {@code min} to {@code max}. */
    Optional<Long> integer(String name, long min, long max) {
        return single(name).map(value -> {
            if (number(value, INTEGER, Long::valueOf) instanceof Long integer && integer >= min && integer <= max) {
                return integer;
            }
            throw wrong(name, "an integer from " + min + " to " + max, value);
        });
    }

    /** A number from {@code min} to {@code max}. */
    Optional<Double> number(String name, double min, double max) {
        return single(name).map(value -> {
            Object number = number(value, NUMBER, Double::valueOf);
            if ((number instanceof Long || number instanceof Double)
                    && ((Number) number).doubleValue() >= min
                    && ((Number) number).doubleValue() <= max) {
                return ((Number) number).doubleValue();
            }
            throw wrong(name, "a number from " + min + " to " + max, value);
        });
    }

    /** In a form numbers are texts. */
    private Object number(Object value, Pattern pattern, Function<String, Number> parser) {
        if (isForm && value instanceof String text && pattern.matcher(text).matches()) {
            try {
                return parser.apply(text);
            } catch (NumberFormatException e) {
                return value; // It has more than 64 bits.
            }
        }
        return value;
    }

    /** A truth value; false if it is not there. */
    boolean flag(String name) {
        return single(name)
                .map(value -> {
                    if (value instanceof Boolean flag) {
                        return flag;
                    }
                    if (isForm && (value.equals("true") || value.equals("false"))) {
                        return value.equals("true");
                    }
                    throw wrong(name, "true or false", value);
                })
                .orElse(false);
    }

    /** Texts, of which one may stand alone; empty if there are none. */
    List<String> texts(String name, int maxCount, int maxChars) {
        List<?> all = list(name, maxCount, "texts");
        return IntStream.range(0, all.size())
                .mapToObj(i -> text(all.size() == 1 ? name : name + "[" + i + "]", all.get(i), maxChars))
                .toList();
    }

    /** Pictures, of which one may stand alone; empty if there are none. */
    List<Upload> pictures(String name, int maxCount) {
        List<?> all = list(name, maxCount, "pictures");
        return IntStream.range(0, all.size())
                .mapToObj(i -> picture(all.size() == 1 ? name : name + "[" + i + "]", all.get(i)))
                .toList();
    }

    /** Refuses what nobody asked for. */
    void requireNoOthers() {
        for (String name : values.keySet()) {
            if (!known.contains(name)) {
                throw HttpFailure.badRequest(
                        name, "unknown field " + Quote.quote(name) + ", expected " + String.join(", ", known));
            }
        }
    }

    private Optional<Object> single(String name) {
        known.add(name);
        Object value = values.get(name);
        if (isForm && value instanceof List<?> several) {
            throw HttpFailure.badRequest(name, name + " was given " + several.size() + " times, expected once");
        }
        return Optional.ofNullable(value);
    }

    private List<?> list(String name, int maxCount, String what) {
        known.add(name);
        Object value = values.get(name);
        if (value == null) {
            return List.of();
        }
        List<?> all = value instanceof List<?> several ? several : List.of(value);
        if (all.size() > maxCount) {
            throw HttpFailure.badRequest(
                    name, name + " has " + all.size() + " " + what + ", expected at most " + maxCount);
        }
        return all;
    }

    private static String text(String name, @Nullable Object value, int maxChars) {
        if (!(value instanceof String text)) {
            throw wrong(name, "a text", value);
        }
        if (text.length() > maxChars) {
            throw HttpFailure.badRequest(
                    name, name + " has " + text.length() + " characters, expected at most " + maxChars);
        }
        return text;
    }

    private static Upload picture(String name, @Nullable Object value) {
        if (value instanceof byte[] file) {
            return Upload.ofFile(name, file);
        }
        if (value instanceof String text) {
            return Upload.ofText(name, text);
        }
        throw wrong(name, "a picture, as a data URI or in base64", value);
    }

    private static HttpFailure missing(String name, String expected) {
        return HttpFailure.badRequest(name, name + " is missing, expected " + expected);
    }

    private static HttpFailure wrong(String name, String expected, @Nullable Object value) {
        return HttpFailure.badRequest(
                name,
                name + " must be " + expected + ", got "
                        + (value instanceof byte[] file
                                ? "a file of " + file.length + " bytes"
                                : JsonObject.describe(value)));
    }
}
