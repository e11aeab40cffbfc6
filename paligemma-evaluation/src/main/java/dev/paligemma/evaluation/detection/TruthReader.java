package dev.paligemma.evaluation.detection;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.evaluation.internal.Runs;
import dev.paligemma.evaluation.internal.Shapes;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.vision.format.ImageOptions;
import dev.paligemma.vision.mask.CocoRle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Collects what a file of truth has, in whatever order it has its lists. Confined to one thread. */
final class TruthReader {
    private final Path file;
    private final Shape shape;
    private final List<Entry> images = new ArrayList<>();
    private final List<Entry> categories = new ArrayList<>();
    private final List<Annotation> annotations = new ArrayList<>();
    private final Set<String> ids = new HashSet<>();
    private boolean lines;

    TruthReader(Path file, Shape shape) {
        this.file = file;
        this.shape = shape;
    }

    /** A picture or a category; {@code number} is null if the id is a text. */
    private record Entry(String id, @Nullable Long number, String name, CocoImage size, String where) {}

    /** The mask stays as it is in the file until the size of its picture is known. */
    private record Annotation(
            String image,
            String category,
            CocoBox box,
            @Nullable Object mask,
            double area,
            boolean crowd,
            String where) {}

    void image(JsonObject entry) {
        images.add(entry(entry, size(entry)));
    }

    private static CocoImage size(JsonObject entry) {
        return new CocoImage(
                entry.integer("width", 0, 0, ImageOptions.MAX_SIDE),
                entry.integer("height", 0, 0, ImageOptions.MAX_SIDE));
    }

    void category(JsonObject entry) {
        categories.add(entry(entry, new CocoImage(0, 0)));
    }

    private static Entry entry(JsonObject entry, CocoImage size) {
        String id = Shapes.id(entry, "id");
        Long number = entry.members().get("id") instanceof Long value ? value : null;
        String name = entry.members().get("name") instanceof String text ? text : id;
        return new Entry(id, number, name, size, entry.where());
    }

    void annotation(JsonObject entry) {
        String where = entry.where();
        String id = Shapes.id(entry, "id");
        if (id.equals("0")) {
            throw new EvaluationException(
                    where + ": id 0 stands for \"no object\" in COCO's evaluator, which would count"
                            + " every detection of this object as wrong; number annotations from 1");
        }
        if (!ids.add(id)) {
            throw new EvaluationException(where + " has the id " + id + " of an earlier annotation");
        }
        annotations.add(new Annotation(
                Shapes.id(entry, "image_id"),
                Shapes.id(entry, "category_id"),
                shape == Shape.MASK && !entry.has("bbox")
                        ? new CocoBox(0, 0, 0, 0)
                        : CocoBox.of(Shapes.box(entry, "bbox")),
                shape == Shape.MASK ? entry.members().get("segmentation") : null,
                Shapes.number(entry, "area"),
                Shapes.isCrowd(entry),
                where));
    }

    /** A picture with its objects: one of JSON lines. */
    void row(JsonObject row) {
        lines = true;
        String id = Shapes.id(row, row.has("id") ? "id" : "image");
        images.add(new Entry(id, null, id, size(row), row.where()));
        if (!(row.members().get("boxes") instanceof List)) {
            throw row.wrong("boxes", "a list, empty for a picture without objects");
        }
        for (JsonObject each : row.objects("boxes")) {
            String label = each.stringOrNull("label");
            if (label == null || label.isBlank()) {
                throw each.wrong("label", "a text");
            }
            if (ids.add(label)) {
                categories.add(new Entry(label, null, label, new CocoImage(0, 0), each.where()));
            }
            Object mask = shape == Shape.MASK ? Shapes.segmentation(each) : null;
            CocoBox box = CocoBox.of(Shapes.anyBox(each));
            double area = each.has("area") ? Shapes.number(each, "area") : Double.NaN;
            annotations.add(new Annotation(id, label, box, mask, area, Shapes.isCrowd(each), each.where()));
        }
    }

    /** Checks ids. Objects of pictures and categories that are not in the lists are left out, as pycocotools does. */
    CocoTruth build() {
        CocoTruth.Builder truth = CocoTruth.builder();
        sorted(images).forEach(each -> add(each, () -> truth.image(each.id, each.size.width(), each.size.height())));
        categories.forEach(each -> add(each, () -> truth.category(each.id, each.name)));
        if (images.isEmpty()) {
            throw new EvaluationException(file + " has no pictures");
        }
        CocoTruth empty = truth.build();
        for (Annotation each : annotations) {
            if (empty.hasImage(each.image) && truth.hasCategory(each.category)) {
                truth.object(object(each, empty.image(each.image)));
            }
        }
        return truth.build();
    }

    private CocoObject object(Annotation each, CocoImage image) {
        Optional<CocoRle> mask = shape == Shape.MASK
                ? Optional.of(Shapes.mask(each.mask, image.width(), image.height(), each.where))
                : Optional.empty();
        double own = mask.map(Runs::of).map(runs -> (double) runs.area()).orElse(each.box.area());
        double area = Double.isNaN(each.area) ? own : each.area;
        return new CocoObject(each.image, each.category, each.box, mask, area, each.crowd);
    }

    /** By their ids: pictures with numbers by size, others by text, as Python sorts them. JSON lines stay as they are. */
    private List<Entry> sorted(List<Entry> entries) {
        List<Entry> sorted = new ArrayList<>(entries);
        if (lines) {
            return sorted;
        }
        if (entries.stream().allMatch(each -> each.number != null)) {
            sorted.sort(Comparator.comparing(each -> Objects.requireNonNull(each.number)));
        } else if (entries.stream().allMatch(each -> each.number == null)) {
            sorted.sort(Comparator.comparing(Entry::id));
        } else {
            throw new EvaluationException(file + " has numbers and texts as ids of pictures; expected one kind");
        }
        return sorted;
    }

    private static void add(Entry entry, Runnable adding) {
        try {
            adding.run();
        } catch (IllegalArgumentException e) {
            throw new EvaluationException(entry.where + ": " + e.getMessage(), e);
        }
    }
}
