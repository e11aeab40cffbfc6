package dev.paligemma.evaluation.detection;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.evaluation.internal.Runs;
import dev.paligemma.evaluation.internal.Shapes;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.vision.mask.CocoRle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Collects detections: results of COCO's tools, or rows of this library. Confined to one thread. */
final class DetectionReader {
    private final Path file;
    private final CocoTruth truth;
    private final Shape shape;
    private final Map<String, String> categoryOfName = new HashMap<>();
    private final List<CocoDetection> all = new ArrayList<>();
    private final Map<String, String> rows = new HashMap<>();

    /** Whether results have boxes: pycocotools looks at the first one. */
    private @Nullable Boolean boxed;

    private boolean matched;

    DetectionReader(Path file, CocoTruth truth, Shape shape) {
        this.file = file;
        this.truth = truth;
        this.shape = shape;
        truth.categories().forEach((id, name) -> categoryOfName.putIfAbsent(name, id));
    }

    /** One of COCO's results. With boxes they have the area of the box, also where masks are compared. */
    void result(JsonObject entry) {
        String where = entry.where();
        String image = known(Shapes.id(entry, "image_id"), where);
        if (boxed == null) {
            boxed = entry.members().get("bbox") instanceof List<?> list && !list.isEmpty();
        }
        String category = Shapes.id(entry, "category_id");
        double score = Shapes.number(entry, "score");
        Optional<CocoBox> box = boxed || (entry.has("bbox") && shape == Shape.BOX)
                ? Optional.of(CocoBox.of(Shapes.box(entry, "bbox")))
                : Optional.empty();
        Object segmentation = entry.members().get("segmentation");
        if (box.isEmpty() && segmentation == null) {
            throw new EvaluationException(where + " has neither bbox nor segmentation");
        }
        boolean needed = shape == Shape.MASK || box.isEmpty();
        Optional<CocoRle> mask = needed
                ? Optional.of(
                        segmentation == null
                                ? filled(box.orElseThrow(), image, where)
                                : mask(segmentation, image, where))
                : Optional.empty();
        double area = boxed
                ? box.orElseThrow().area()
                : mask.map(Runs::of).map(runs -> (double) runs.area()).orElse(0.0);
        CocoBox place =
                box.orElseGet(() -> CocoBox.of(Runs.of(mask.orElseThrow()).box()));
        add(new CocoDetection(image, category, place, mask, area, score));
    }

    /** A box stands for a mask where there is none. What is far outside of the picture fills no pixel of it. */
    private CocoRle filled(CocoBox box, String image, String where) {
        CocoImage size = truth.image(image);
        double left = within(box.x(), size.width());
        double top = within(box.y(), size.height());
        double right = within(box.x() + box.width(), size.width());
        double bottom = within(box.y() + box.height(), size.height());
        return mask(List.of(List.of(left, top, left, bottom, right, bottom, right, top)), image, where);
    }

    private static double within(double place, int side) {
        return Math.max(-side, Math.min(2.0 * side, place));
    }

    private CocoRle mask(@Nullable Object segmentation, String image, String where) {
        CocoImage size = truth.image(image);
        return Shapes.mask(segmentation, size.width(), size.height(), where);
    }

    /** One of JSON lines: a result of COCO, or all that was found in a picture, as the command line writes it. */
    void row(JsonObject row) {
        if (row.has("image_id")) {
            result(row);
            return;
        }
        if (!row.has("id") && !row.has("image")) {
            throw new EvaluationException(
                    row.where() + " has neither image_id, as COCO's results have it, nor id or image");
        }
        String id = Shapes.id(row, row.has("id") ? "id" : "image");
        String earlier = rows.putIfAbsent(id, row.where());
        if (earlier != null) {
            throw new EvaluationException(row.where() + " is about " + id + " again, as is " + earlier);
        }
        known(id, row.where());
        String list = List.of("boxes", "detections", "segments").stream()
                .filter(name -> row.members().get(name) instanceof List)
                .findFirst()
                .orElseThrow(() -> new EvaluationException(
                        row.where() + " has no list boxes, detections or segments; write an empty one for nothing"));
        for (JsonObject each : row.objects(list)) {
            found(id, each);
        }
    }

    private void found(String image, JsonObject each) {
        String label = each.stringOrNull("label");
        if (label == null) {
            throw each.wrong("label", "a text");
        }
        double score = Shapes.number(each, each.has("score") ? "score" : "confidence");
        CocoBox box = CocoBox.of(Shapes.anyBox(each));
        Optional<CocoRle> mask = shape == Shape.MASK
                ? Optional.of(mask(Shapes.segmentation(each), image, each.where()))
                : Optional.empty();
        double area = mask.map(Runs::of).map(runs -> (double) runs.area()).orElse(box.area());
        add(new CocoDetection(image, categoryOfName.getOrDefault(label, label), box, mask, area, score));
    }

    private void add(CocoDetection found) {
        matched |= truth.categories().containsKey(found.category());
        all.add(found);
    }

    private String known(String image, String where) {
        if (!truth.hasImage(image)) {
            throw new EvaluationException(
                    where + " is about the picture " + image + ", which the references do not have");
        }
        return image;
    }

    List<CocoDetection> all() {
        if (all.isEmpty() && rows.isEmpty()) {
            throw new EvaluationException(file + " holds no detections");
        }
        if (!matched && !all.isEmpty()) {
            throw new EvaluationException(file + ": none of the " + all.size()
                    + " detections has a category of the references, which have "
                    + truth.categories().keySet().stream().limit(8).toList());
        }
        return all;
    }
}
