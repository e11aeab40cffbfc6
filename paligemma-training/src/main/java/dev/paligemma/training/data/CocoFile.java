package dev.paligemma.training.data;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.training.run.FineTuningException;
import dev.paligemma.vision.format.ImageOptions;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A file of COCO's object annotations, read piece by piece: the one of the training pictures has 450 MB. Confined to one
 * thread.
 */
final class CocoFile {
    private static final long MAX_BYTES = 4L << 30;
    private static final int MAX_ENTRIES = 20_000_000;

    /** Numbers of files are far below; more would lose their fractions. */
    private static final double MAX_NUMBER = 1e9;

    final Path file;
    private final boolean masks;
    private final Problems problems;

    /** By id, in the order of the file. */
    final Map<Object, Image> images = new LinkedHashMap<>();

    final Map<Object, String> categories = new LinkedHashMap<>();
    final List<Annotation> annotations = new ArrayList<>();
    int crowds;

    /** A picture. */
    record Image(String fileName, int width, int height, String where) {}

    /**
     * A box in pixels and what it is.
     *
     * @param segmentation polygons or run lengths as the file has them; null without
     */
    record Annotation(
            Object image,
            Object category,
            double x,
            double y,
            double width,
            double height,
            @Nullable Object segmentation,
            String where) {}

    private CocoFile(Path file, boolean masks, Problems problems) {
        this.file = file;
        this.masks = masks;
        this.problems = problems;
    }

    static CocoFile read(Path file, boolean masks, Problems problems) {
        CocoFile coco = new CocoFile(file, masks, problems);
        Path real = InputFiles.regular(file, FineTuningException::new);
        try (JsonParser parser = Json.parser(new BufferedInputStream(Files.newInputStream(real), 1 << 16), MAX_BYTES)) {
            coco.read(parser);
        } catch (IOException e) {
            throw Json.malformed(file, e, FineTuningException::new);
        }
        return coco;
    }

    private void read(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new FineTuningException(file + " does not hold a JSON object; " + shape());
        }
        boolean[] seen = new boolean[3];
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            int list = List.of("images", "annotations", "categories").indexOf(name);
            if (list < 0) {
                parser.skipChildren();
            } else if (value != JsonToken.START_ARRAY) {
                throw new FineTuningException(file + ": " + name + " must be a list; " + shape());
            } else {
                seen[list] = true;
                entries(parser, name);
            }
        }
        if (!seen[0] || !seen[1] || !seen[2]) {
            throw new FineTuningException(file + " lacks images, annotations or categories; " + shape());
        }
    }

    private static String shape() {
        return "expected a file of COCO's object annotations with the lists images, annotations and categories";
    }

    private void entries(JsonParser parser, String list) throws IOException {
        for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
            if (i == MAX_ENTRIES) {
                throw new FineTuningException(file + ": " + list + " has more than " + MAX_ENTRIES + " entries");
            }
            String place = file + ": " + list + "[" + i + "]";
            JsonObject entry = Json.objectAt(parser, place, FineTuningException::new);
            String where = entry.has("id")
                    ? place + " (id " + JsonObject.describe(entry.members().get("id")) + ")"
                    : place;
            switch (list) {
                case "images" -> addImage(entry, where);
                case "categories" -> addCategory(entry, where);
                default -> {
                    Annotation found = problems.attempt(() -> annotation(entry, where));
                    if (found != null) {
                        annotations.add(found);
                    }
                }
            }
        }
    }

    private void addImage(JsonObject entry, String where) {
        String name = entry.stringOrNull("file_name");
        Integer width = entry.integerOrNull("width", 1, ImageOptions.MAX_SIDE);
        Integer height = entry.integerOrNull("height", 1, ImageOptions.MAX_SIDE);
        if (name == null || name.isBlank() || width == null || height == null) {
            throw new FineTuningException(where + " must have file_name, width and height");
        }
        Object id = id(entry, "id", where);
        if (images.put(id, new Image(name, width, height, where)) != null) {
            throw new FineTuningException(where + " has the id of an earlier picture");
        }
    }

    private void addCategory(JsonObject entry, String where) {
        String name = entry.stringOrNull("name");
        if (name == null || name.isBlank() || name.matches("(?s).*[;<>\\n\\r].*")) {
            throw new FineTuningException(
                    where + ": name must be a text without ; < > and line breaks, which have a meaning"
                            + " in answers, got " + JsonObject.describe(name));
        }
        Object id = id(entry, "id", where);
        if (categories.put(id, name.strip()) != null) {
            throw new FineTuningException(where + " has the id of an earlier category");
        }
    }

    private @Nullable Annotation annotation(JsonObject entry, String where) {
        if (isCrowd(entry, where)) {
            crowds++;
            return null;
        }
        List<@Nullable Object> box = entry.listOrNull("bbox");
        double[] sides = new double[4];
        if (box == null || box.size() != sides.length) {
            throw new FineTuningException(where + ": bbox must be x, y, width and height in pixels, got "
                    + JsonObject.describe(entry.members().get("bbox")));
        }
        for (int i = 0; i < sides.length; i++) {
            if (!(box.get(i) instanceof Number number) || !(Math.abs(number.doubleValue()) <= MAX_NUMBER)) {
                throw new FineTuningException(
                        where + ": bbox[" + i + "] must be a number of pixels, got " + JsonObject.describe(box.get(i)));
            }
            sides[i] = number.doubleValue();
        }
        return new Annotation(
                id(entry, "image_id", where),
                id(entry, "category_id", where),
                sides[0],
                sides[1],
                sides[2],
                sides[3],
                masks ? entry.members().get("segmentation") : null,
                where);
    }

    private static boolean isCrowd(JsonObject entry, String where) {
        Object crowd = entry.members().get("iscrowd");
        if (crowd == null || crowd instanceof Boolean || crowd instanceof Long) {
            return Boolean.TRUE.equals(crowd) || (crowd instanceof Long number && number != 0);
        }
        throw new FineTuningException(where + ": iscrowd must be 0 or 1, got " + JsonObject.describe(crowd));
    }

    private static Object id(JsonObject entry, String name, String where) {
        Object id = entry.members().get(name);
        if (id instanceof Long || id instanceof String) {
            return id;
        }
        throw new FineTuningException(where + ": " + name + " must be a number or a text, got "
                + (id == null ? "nothing" : Quote.shown(JsonObject.describe(id), 60)));
    }
}
