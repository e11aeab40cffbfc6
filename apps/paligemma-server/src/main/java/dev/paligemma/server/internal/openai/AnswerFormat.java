package dev.paligemma.server.internal.openai;

import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.constraint.TokenConstraints;
import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.server.internal.http.JsonBody;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What an answer may be, and how its text is turned into content. PaliGemma writes no JSON: where JSON is asked for, it writes text
 * under a rule, and the server puts that into JSON, so that it always parses.
 *
 * @param param the parameter that asks for it
 * @param rule makes the rule for the tokens of a model; null if anything may be written
 * @param wrap makes content of the text; null for the text itself
 * @param boxes whether the content is the object of found things
 */
record AnswerFormat(
        String param,
        @Nullable Function<TokenConstraints, TokenConstraint> rule,
        @Nullable Function<String, String> wrap,
        boolean boxes) {
    static final String RESPONSE_FORMAT = "response_format";
    private static final String STRUCTURED = "structured_outputs";
    private static final AnswerFormat TEXT = new AnswerFormat("", null, null, false);
    private static final AnswerFormat BOXES = new AnswerFormat(RESPONSE_FORMAT, null, null, true);

    static AnswerFormat of(JsonBody body) {
        JsonBody structured = body.object(STRUCTURED);
        JsonBody format = body.object(RESPONSE_FORMAT);
        if (structured != null && format != null) {
            throw HttpFailure.badRequest(
                    RESPONSE_FORMAT, RESPONSE_FORMAT + " and " + STRUCTURED + " exclude each other");
        }
        return structured != null ? structured(structured) : format == null ? TEXT : format(format);
    }

    /** As vLLM has it. */
    private static AnswerFormat structured(JsonBody asked) {
        if (asked.names().equals(Set.of("choice"))) {
            List<String> choices = asked.texts("choice");
            return new AnswerFormat(asked.param("choice"), rules -> rules.oneOf(choices), null, false);
        }
        if (asked.names().equals(Set.of("regex")) && asked.text("regex") != null) {
            String regex = Objects.requireNonNull(asked.text("regex"));
            return new AnswerFormat(asked.param("regex"), rules -> rules.matching(regex), null, false);
        }
        throw HttpFailure.badRequest(STRUCTURED, STRUCTURED + " must have either choice, a list of texts, or regex");
    }

    private static AnswerFormat format(JsonBody format) {
        String type = Objects.requireNonNullElse(format.text("type"), "");
        return switch (type) {
            case "text" -> TEXT;
            case "json_object" -> BOXES;
            case "json_schema" -> schema(format);
            default -> throw format.wrong("type", "text, json_object or json_schema");
        };
    }

    private static AnswerFormat schema(JsonBody format) {
        JsonBody named = format.object("json_schema");
        if (named != null && "detections".equals(named.text("name"))) {
            return BOXES;
        }
        JsonBody schema = named == null ? null : named.object("schema");
        if (schema != null) {
            AnswerFormat text = textOf(schema, Members::quoted);
            if (text != null) {
                return text;
            }
            AnswerFormat member = onlyMember(schema);
            if (member != null) {
                return member;
            }
        }
        throw HttpFailure.badRequest(
                RESPONSE_FORMAT,
                "of JSON schemas this server takes the name detections, with a prompt that begins with detect or segment; and a text"
                        + " with an enum or a pattern, alone or as the only property of an object: PaliGemma writes no JSON");
    }

    /** An object of one text. */
    private static @Nullable AnswerFormat onlyMember(JsonBody schema) {
        if (!"object".equals(schema.value("type")) || !(schema.value("properties") instanceof Map<?, ?> properties)) {
            return null;
        }
        JsonBody all = schema.object("properties");
        if (properties.size() != 1 || all == null) {
            return null;
        }
        String name = String.valueOf(properties.keySet().iterator().next());
        JsonBody member = properties.get(name) instanceof Map ? all.object(name) : null;
        return member == null ? null : textOf(member, text -> Members.json(name, text));
    }

    private static @Nullable AnswerFormat textOf(JsonBody schema, Function<String, String> wrap) {
        List<String> choices = choices(schema.value("enum"));
        boolean isText = "string".equals(schema.value("type")) || (!schema.has("type") && !choices.isEmpty());
        if (isText && !choices.isEmpty() && !schema.has("pattern")) {
            return new AnswerFormat(RESPONSE_FORMAT, rules -> rules.oneOf(choices), wrap, false);
        }
        if (isText && choices.isEmpty() && schema.value("pattern") instanceof String pattern) {
            // A pattern may match a part of the text; one that matches all of it does, too.
            String regex = pattern.replaceFirst("^\\^", "").replaceFirst("(?<!\\\\)\\$$", "");
            return new AnswerFormat(RESPONSE_FORMAT, rules -> rules.matching(regex), wrap, false);
        }
        return null;
    }

    private static List<String> choices(@Nullable Object values) {
        List<String> choices = new ArrayList<>();
        if (values instanceof List<?> list) {
            for (Object each : list) {
                if (!(each instanceof String text)) {
                    return List.of();
                }
                choices.add(text);
            }
        }
        return choices;
    }
}
