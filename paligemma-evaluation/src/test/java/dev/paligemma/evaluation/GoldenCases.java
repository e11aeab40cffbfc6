package dev.paligemma.evaluation;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.evaluation.internal.JsonRows;
import dev.paligemma.evaluation.metric.Case;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Cases with what the reference says about each of them by metric.
 *
 * @param cases in the order of the file
 * @param scores one for each case
 */
public record GoldenCases(List<Case> cases, List<Map<String, Object>> scores) {
    /** The file that a system property names, or that of this name among the resources. */
    public static Path file(String property, String resource) throws URISyntaxException {
        String other = System.getProperty(property);
        return other == null
                ? Path.of(Objects.requireNonNull(GoldenCases.class.getResource(resource))
                        .toURI())
                : Path.of(other);
    }

    /** The cases of some rows. */
    public static GoldenCases of(List<JsonObject> rows) {
        List<Case> cases = new ArrayList<>();
        List<Map<String, Object>> scores = new ArrayList<>();
        for (JsonObject row : rows) {
            List<String> references = Objects.requireNonNull(row.listOrNull("references")).stream()
                    .map(String.class::cast)
                    .toList();
            String id = String.valueOf(row.members().get("id"));
            cases.add(new Case(id, Objects.requireNonNull(row.stringOrNull("answer")), references));
            scores.add(Map.copyOf(row.object("scores").members()));
        }
        return new GoldenCases(cases, scores);
    }

    /** All rows of a file. */
    public static List<JsonObject> rows(Path file) {
        List<JsonObject> rows = new ArrayList<>();
        JsonRows.read(file, rows::add);
        return rows;
    }
}
