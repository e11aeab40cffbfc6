package dev.paligemma.server.internal.openai;

import dev.paligemma.base.internal.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Objects of answers. Stateless. */
final class Members {
    private Members() {}

    /** Names and values in turn, in this order. */
    static Map<String, @Nullable Object> of(@Nullable Object... pairs) {
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            members.put(String.valueOf(pairs[i]), pairs[i + 1]);
        }
        return members;
    }

    /** As text. */
    static String json(@Nullable Object... pairs) {
        return json(of(pairs));
    }

    /** The same of members that are there already. */
    static String json(Map<String, @Nullable Object> members) {
        return Json.text(members, false);
    }

    /** A text as JSON. */
    static String quoted(String text) {
        String object = json("", text);
        return object.substring(object.indexOf(':') + 1, object.length() - 1);
    }
}
