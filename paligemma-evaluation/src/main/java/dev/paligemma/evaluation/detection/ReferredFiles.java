package dev.paligemma.evaluation.detection;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.evaluation.internal.JsonRows;
import dev.paligemma.evaluation.internal.Runs;
import dev.paligemma.evaluation.internal.Shapes;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.vision.format.ImageOptions;
import dev.paligemma.vision.mask.CocoRle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Reads the answers to expressions and what they are about, from two files of JSON lines. Stateless. */
final class ReferredFiles {
    private ReferredFiles() {}

    /** References and answers, in the order of the references. */
    record Pairs(List<RefCoco.Reference> references, List<String> answers) {}

    static Pairs read(Path predictions, Path references) {
        Map<String, String> answers = new LinkedHashMap<>();
        JsonRows.read(predictions, row -> {
            String id = Shapes.id(row, "id");
            if (answers.put(id, Shapes.text(row, "answer")) != null) {
                throw new EvaluationException(row.where() + ": the id " + Quote.quote(id) + " comes twice");
            }
        });
        Map<String, RefCoco.Reference> wanted = new LinkedHashMap<>();
        JsonRows.read(references, row -> {
            RefCoco.Reference reference = reference(row);
            if (wanted.put(reference.id(), reference) != null) {
                throw new EvaluationException(row.where() + ": the id " + Quote.quote(reference.id()) + " comes twice");
            }
            if (!answers.containsKey(reference.id())) {
                throw new EvaluationException(
                        row.where() + ": " + predictions + " has no answer with the id " + Quote.quote(reference.id()));
            }
        });
        answers.keySet().forEach(id -> {
            if (!wanted.containsKey(id)) {
                throw new EvaluationException(
                        predictions + ": the id " + Quote.quote(id) + " is none of " + references);
            }
        });
        List<String> inOrder = new ArrayList<>();
        wanted.keySet().forEach(id -> inOrder.add(Objects.requireNonNull(answers.get(id))));
        return new Pairs(List.copyOf(wanted.values()), inOrder);
    }

    private static RefCoco.Reference reference(JsonObject row) {
        int width = row.integer("width", 0, 1, ImageOptions.MAX_SIDE);
        int height = row.integer("height", 0, 1, ImageOptions.MAX_SIDE);
        CocoRle mask = Shapes.mask(Shapes.segmentation(row), width, height, row.where());
        double[] box = row.has("bbox") || row.has("box")
                ? Shapes.anyBox(row)
                : Runs.of(mask).box();
        try {
            return new RefCoco.Reference(Shapes.id(row, "id"), CocoBox.of(box), mask.toMask());
        } catch (IllegalArgumentException e) {
            throw new EvaluationException(row.where() + ": " + e.getMessage(), e);
        }
    }
}
