package dev.paligemma.training.data;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.detection.LocationCodes;
import dev.paligemma.training.data.AnswerObjects.Found;
import dev.paligemma.training.data.CocoFile.Annotation;
import dev.paligemma.training.data.CocoFile.Image;
import dev.paligemma.training.run.FineTuningException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Makes examples of a file of COCO. Confined to one thread. */
final class CocoExamples {
    /** How far a box may reach beyond its picture because of rounding, in pixels. */
    private static final double TOLERANCE = 1;

    private final Path pictures;
    private final CocoOptions options;
    private final Problems problems;
    private final CocoFile coco;
    private int withoutObjects;

    /** An object, with the name of its category. */
    private record Named(String name, Found found) {}

    private CocoExamples(Path file, Path pictures, CocoOptions options) {
        this.pictures = pictures;
        this.options = options;
        this.problems = new Problems(options.skipBad());
        this.coco = CocoFile.read(file, options.masks().isPresent(), problems);
    }

    static Examples read(Path file, Path pictures, CocoOptions options) {
        CocoExamples reader = new CocoExamples(file, pictures, options);
        List<Example> found = reader.examples();
        Examples examples = Examples.read(
                file.toString(),
                found,
                reader.problems,
                "it has " + reader.coco.images.size() + " pictures and " + reader.coco.annotations.size()
                        + " annotations of single objects");
        List<String> notes = new ArrayList<>();
        if (reader.coco.crowds > 0) {
            notes.add(reader.coco.crowds + " annotations of crowds were left out");
        }
        if (reader.withoutObjects > 0) {
            notes.add(reader.withoutObjects + " pictures without objects were left out");
        }
        return examples.withNotes(notes);
    }

    private List<Example> examples() {
        Map<Object, List<Named>> byImage = new LinkedHashMap<>();
        for (Annotation annotation : coco.annotations) {
            Named named = problems.attempt(() -> named(annotation));
            if (named != null) {
                byImage.computeIfAbsent(annotation.image(), id -> new ArrayList<>())
                        .add(named);
            }
        }
        List<Example> examples = new ArrayList<>();
        coco.images.forEach((id, image) -> {
            List<Named> objects = byImage.getOrDefault(id, List.of());
            if (objects.isEmpty() && !(options.keepEmpty() && options.prompts() == CocoOptions.Prompts.ALL)) {
                withoutObjects++;
                return;
            }
            Picture picture = problems.attempt(() -> picture(image));
            if (picture != null) {
                addExamples(picture, image.where(), objects, examples);
            }
        });
        return examples;
    }

    private Picture picture(Image image) {
        Picture picture;
        try {
            picture = Picture.of(image.fileName(), pictures.resolve(image.fileName()));
        } catch (InvalidPathException e) {
            throw new FineTuningException(
                    image.where() + ": " + Quote.quote(image.fileName()) + " is no name of a picture", e);
        }
        try {
            picture.requireFile();
        } catch (FineTuningException e) {
            throw new FineTuningException(
                    image.where() + ": " + e.getMessage() + "; names of pictures are looked up in " + pictures, e);
        }
        return picture.ofSize(image.width(), image.height());
    }

    private void addExamples(Picture picture, String where, List<Named> objects, List<Example> examples) {
        String verb = options.masks().isPresent() ? "segment " : "detect ";
        List<String> present = coco.categories.values().stream()
                .distinct()
                .filter(name -> objects.stream().anyMatch(each -> each.name().equals(name)))
                .toList();
        switch (options.prompts()) {
            case ALL ->
                examples.add(example(
                        picture,
                        where,
                        verb,
                        coco.categories.values().stream().distinct().toList(),
                        objects));
            case PRESENT -> examples.add(example(picture, where, verb, present, objects));
            case EACH ->
                present.forEach(name -> examples.add(example(
                        picture,
                        where,
                        verb,
                        List.of(name),
                        objects.stream()
                                .filter(each -> each.name().equals(name))
                                .toList())));
        }
    }

    private static Example example(
            Picture picture, String where, String verb, List<String> names, List<Named> objects) {
        String suffix = objects.stream()
                .map(each -> each.found().toString())
                .collect(Collectors.joining(AnswerObjects.SEPARATOR));
        return new Example(List.of(picture), verb + String.join(AnswerObjects.SEPARATOR, names), suffix, where);
    }

    private Named named(Annotation annotation) {
        Image image = coco.images.get(annotation.image());
        String name = coco.categories.get(annotation.category());
        if (image == null || name == null) {
            throw new FineTuningException(annotation.where() + " names the "
                    + (image == null ? "picture " + annotation.image() : "category " + annotation.category())
                    + ", which the file lacks");
        }
        LocationCodes codes = codes(annotation, image);
        String mask = options.masks()
                .map(codec -> new CocoMasks(codec, options.scale())
                        .codes(annotation.segmentation(), codes, image.width(), image.height(), annotation.where()))
                .orElse("");
        return new Named(name, new Found(codes.top(), codes.left(), codes.bottom(), codes.right(), mask, " " + name));
    }

    private LocationCodes codes(Annotation box, Image image) {
        boolean area = box.width() > 0 && box.height() > 0;
        boolean inside = box.x() >= -TOLERANCE
                && box.y() >= -TOLERANCE
                && box.x() + box.width() <= image.width() + TOLERANCE
                && box.y() + box.height() <= image.height() + TOLERANCE;
        if (!area || !inside) {
            throw new FineTuningException(box.where() + ": the box x " + box.x() + ", y " + box.y() + ", width "
                    + box.width() + ", height " + box.height()
                    + (area ? " reaches out of its picture " : " has no area, in picture ")
                    + Quote.quote(image.fileName()) + " of " + image.width() + "x" + image.height() + " pixels");
        }
        return new LocationCodes(
                code(box.y(), image.height()),
                code(box.x(), image.width()),
                code(box.y() + box.height(), image.height()),
                code(box.x() + box.width(), image.width()));
    }

    private int code(double place, int side) {
        return options.scale().code(Math.min(1, Math.max(0, place / side)));
    }
}
