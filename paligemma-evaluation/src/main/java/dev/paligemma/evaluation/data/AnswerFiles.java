package dev.paligemma.evaluation.data;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.evaluation.internal.JsonRows;
import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.EvaluationException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Reads answers and references from files of UTF-8 with one JSON object a line. Stateless. */
public final class AnswerFiles {
    private static final int MAX_ROWS = 10_000_000;
    private static final Set<String> RUN = Set.of("run");

    /** What a line holds, and where it stands. */
    private record Row<T>(T value, String where) {}

    private AnswerFiles() {}

    /**
     * The cases of two sets of files, in the order of the references. Each reference needs an answer and each answer a
     * reference; names of other members are ignored, and so are empty lines.
     *
     * @param predictions files of {@code {"id": 1, "answer": "a cat"}}
     * @param references a file of {@code {"id": 1, "references": ["a cat", "a black cat"]}}
     * @throws EvaluationException if a file cannot be read or holds nothing, a line is no such object, an id comes twice, or
     *     ids of one side are missing on the other; the message names file, line and member
     */
    public static List<Case> read(List<Path> predictions, Path references) {
        Map<String, Row<List<String>>> known = rows(List.of(references), "references", AnswerFiles::references);
        Map<String, Row<String>> answers = rows(predictions, "answer", AnswerFiles::answer);
        requireAll(answers, known, "references in " + references);
        requireAll(known, answers, "answer in " + names(predictions));
        List<Case> cases = new ArrayList<>(known.size());
        known.forEach((id, row) ->
                cases.add(new Case(id, Objects.requireNonNull(answers.get(id)).value(), row.value())));
        return cases;
    }

    private static <T> Map<String, Row<T>> rows(List<Path> files, String member, Function<JsonObject, T> value) {
        Map<String, Row<T>> rows = new LinkedHashMap<>();
        for (Path file : files) {
            JsonRows.read(file, json -> {
                if (json.members().keySet().equals(RUN)) {
                    return; // the first line of the answers that an evaluation keeps
                }
                String id = id(json);
                Row<T> row = new Row<>(value.apply(json), json.where());
                Row<T> before = rows.putIfAbsent(id, row);
                if (before != null) {
                    throw new EvaluationException(
                            json.where() + ": id " + Quote.quote(id) + " comes twice, first in " + before.where());
                }
                if (rows.size() > MAX_ROWS) {
                    throw new EvaluationException(file + " holds more than " + MAX_ROWS + " rows");
                }
            });
        }
        if (rows.isEmpty()) {
            throw new EvaluationException(names(files) + " holds no rows, expected {\"id\": 1, \"" + member + "\": "
                    + (member.equals("answer") ? "\"a cat\"" : "[\"a cat\"]") + "}, one such object a line");
        }
        return rows;
    }

    private static String names(List<Path> files) {
        return files.stream().map(Path::toString).collect(Collectors.joining(", "));
    }

    /** Whole numbers and texts are one: 7 is "7". */
    private static String id(JsonObject json) {
        Object id = json.members().get("id");
        if (id instanceof String || id instanceof Long || id instanceof BigInteger) {
            return id.toString();
        }
        throw wrong(json, "id", "a text or a whole number");
    }

    private static String answer(JsonObject json) {
        if (json.members().get("answer") instanceof String text) {
            return text;
        }
        throw wrong(json, "answer", "a text in quotes");
    }

    private static List<String> references(JsonObject json) {
        List<String> texts = new ArrayList<>();
        if (json.members().get("references") instanceof List<?> list) {
            for (Object each : list) {
                if (!(each instanceof String text)) {
                    throw new EvaluationException(json.where() + ": references must be texts in quotes, got "
                            + JsonObject.describe(each) + " among them");
                }
                texts.add(text);
            }
        }
        if (texts.isEmpty()) {
            throw wrong(json, "references", "a list of at least one text");
        }
        return texts;
    }

    private static RuntimeException wrong(JsonObject json, String member, String expected) {
        return json.members().containsKey(member)
                ? json.wrong(member, expected)
                : new EvaluationException(json.where() + ": " + member + " is missing, expected " + expected);
    }

    private static void requireAll(Map<String, ? extends Row<?>> of, Map<String, ? extends Row<?>> in, String what) {
        List<String> missing =
                of.keySet().stream().filter(id -> !in.containsKey(id)).toList();
        if (!missing.isEmpty()) {
            String first = missing.get(0);
            throw new EvaluationException(Objects.requireNonNull(of.get(first)).where() + ": id " + Quote.quote(first)
                    + " has no " + what + "; " + missing.size() + " of " + of.size() + " ids have none");
        }
    }
}
