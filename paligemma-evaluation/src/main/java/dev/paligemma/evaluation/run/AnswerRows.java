package dev.paligemma.evaluation.run;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.evaluation.detection.CocoBox;
import dev.paligemma.evaluation.internal.Shapes;
import dev.paligemma.vision.format.ImageOptions;
import dev.paligemma.vision.mask.CocoRle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Answers as rows of JSON, which {@code paligemma evaluate --predictions} reads too. Stateless. */
final class AnswerRows {
    private AnswerRows() {}

    static Map<String, Object> row(Answered answered) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("id", answered.id());
        row.put("answer", answered.answer());
        answered.error().ifPresent(error -> row.put("error", error));
        if (!answered.found().isEmpty()) {
            row.put("boxes", answered.found().stream().map(AnswerRows::row).toList());
        }
        return row;
    }

    private static Map<String, Object> row(Answered.Found found) {
        Map<String, Object> row = new LinkedHashMap<>();
        CocoBox box = found.box();
        row.put("label", found.label());
        row.put("score", found.score());
        row.put("bbox", List.of(box.x(), box.y(), box.width(), box.height()));
        found.mask()
                .ifPresent(mask -> row.put(
                        "mask", Map.of("size", List.of(mask.height(), mask.width()), "counts", mask.compressed())));
        return row;
    }

    static Answered read(JsonObject row) {
        List<Answered.Found> found = new ArrayList<>();
        for (JsonObject each : row.objects("boxes")) {
            found.add(new Answered.Found(
                    Shapes.text(each, "label"),
                    CocoBox.of(Shapes.box(each, "bbox")),
                    mask(each),
                    Shapes.number(each, "score")));
        }
        return new Answered(
                Shapes.id(row, "id"),
                Shapes.text(row, "answer"),
                found,
                Optional.ofNullable(row.stringOrNull("error")));
    }

    private static Optional<CocoRle> mask(JsonObject each) {
        if (!each.has("mask")) {
            return Optional.empty();
        }
        JsonObject mask = each.object("mask");
        List<?> size = mask.listOrNull("size");
        if (size == null || size.size() != 2) {
            throw mask.wrong("size", "height and width");
        }
        int height = mask.asInteger("size[0]", size.get(0), 1, ImageOptions.MAX_SIDE);
        int width = mask.asInteger("size[1]", size.get(1), 1, ImageOptions.MAX_SIDE);
        return Optional.of(Shapes.mask(mask.members(), width, height, each.where()));
    }
}
