package dev.paligemma.server.internal.http;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The object in the body of a request; what is wrong with a member is an {@link HttpFailure} that names it. Immutable. */
public final class JsonBody {
    /** What curl and pages send who say nothing is taken for JSON, too. */
    private static final Set<String> TYPES =
            Set.of("", "application/json", "text/json", "text/plain", "application/x-www-form-urlencoded");

    private final JsonObject json;
    private final String path;

    private JsonBody(JsonObject json, String path) {
        this.json = json;
        this.path = path;
    }

    /** Reads the body. */
    public static JsonBody of(Exchange exchange) throws IOException {
        String type = exchange.header("Content-Type")
                .orElse("")
                .split(";", 2)[0]
                .strip()
                .toLowerCase(Locale.ROOT);
        if (!TYPES.contains(type) && !type.endsWith("+json")) {
            throw HttpFailure.invalid(
                    415,
                    null,
                    "unsupported_media_type",
                    "The body must be JSON: send it with 'Content-Type: application/json'.");
        }
        JsonObject json = Json.readLargeObject(
                "the body of the request", exchange.body(), (message, cause) -> HttpFailure.badRequest(null, message));
        return new JsonBody(json, "");
    }

    /** The names of all members. */
    public Set<String> names() {
        return json.members().keySet();
    }

    /** Whether a member is there and not null. */
    public boolean has(String name) {
        return json.has(name);
    }

    /** A member as it is: a map, a list, a text, a number, a truth value or null. */
    public @Nullable Object value(String name) {
        return json.members().get(name);
    }

    /** What to call a member in an error. */
    public String param(String name) {
        return path + name;
    }

    /** A text; null if it is absent. */
    public @Nullable String text(String name) {
        return checked(name, () -> json.stringOrNull(name));
    }

    /** A truth value. */
    public boolean flag(String name, boolean fallback) {
        Boolean value = checked(name, () -> json.bool(name, fallback));
        return value == null ? fallback : value;
    }

    /** An integer in a range; null if it is absent. */
    public @Nullable Integer integer(String name, int min, int max) {
        return checked(name, () -> json.integerOrNull(name, min, max));
    }

    /** Any integer of 64 bits; null if it is absent. */
    public @Nullable Long number(String name) {
        Object value = value(name);
        if (value == null || value instanceof Long) {
            return (Long) value;
        }
        throw wrong(name, "an integer");
    }

    /** A number in a range; null if it is absent. */
    public @Nullable Double number(String name, double min, double max) {
        return checked(name, () -> json.numberOrNull(name, min, max));
    }

    /** Texts, or one alone; empty if the member is absent. */
    public List<String> texts(String name) {
        Object value = value(name);
        if (value instanceof String one) {
            return List.of(one);
        }
        List<String> texts = new ArrayList<>();
        for (Object each : value instanceof List<?> list ? list : value == null ? List.of() : List.of(value)) {
            if (!(each instanceof String text)) {
                throw wrong(name, "a text or a list of texts");
            }
            texts.add(text);
        }
        return texts;
    }

    /** An object; null if it is absent. */
    public @Nullable JsonBody object(String name) {
        JsonObject inner = checked(name, () -> json.objectOrNull(name));
        return inner == null ? null : new JsonBody(inner, param(name) + '.');
    }

    /** A list of objects; empty if the member is absent. */
    public List<JsonBody> objects(String name) {
        List<JsonObject> all = checked(name, () -> json.objects(name));
        List<JsonBody> bodies = new ArrayList<>();
        for (JsonObject each : all == null ? List.<JsonObject>of() : all) {
            bodies.add(new JsonBody(each, param(name) + '[' + bodies.size() + "]."));
        }
        return bodies;
    }

    /** The error of a member that is not as expected. */
    public HttpFailure wrong(String name, String expected) {
        return HttpFailure.badRequest(
                param(name), param(name) + " must be " + expected + ", got " + JsonObject.describe(value(name)));
    }

    /** Does something with a member, to which it is to blame if that does not work. */
    public <T> @Nullable T checked(String name, Supplier<@Nullable T> action) {
        try {
            return action.get();
        } catch (HttpFailure e) {
            throw e.about(param(name));
        } catch (IllegalArgumentException e) {
            throw HttpFailure.badRequest(param(name), param(name) + ": " + e.getMessage());
        }
    }
}
