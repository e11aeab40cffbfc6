package dev.paligemma.evaluation.internal;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.vision.mask.CocoRle;
import dev.paligemma.vision.mask.MaskException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Boxes, masks and ids of JSON. Stateless. */
public final class Shapes {
    private static final int MAX_POLYGONS = 100_000;

    private Shapes() {}

    /** A number or a text, as a text. */
    public static String id(JsonObject entry, String name) {
        Object id = entry.members().get(name);
        if (id instanceof Long || (id instanceof String text && !text.isEmpty())) {
            return id.toString();
        }
        throw new EvaluationException(entry.where() + ": " + name + " must be a whole number or a text, got "
                + (id == null ? "nothing" : Quote.shown(JsonObject.describe(id), 60)));
    }

    /** A text that must be there; it may be empty. */
    public static String text(JsonObject entry, String name) {
        String text = entry.stringOrNull(name);
        if (text == null) {
            throw entry.wrong(name, "a text");
        }
        return text;
    }

    /** A number that must be there. */
    public static double number(JsonObject entry, String name) {
        Double number = entry.numberOrNull(name, -Double.MAX_VALUE, Double.MAX_VALUE);
        if (number == null) {
            throw entry.wrong(name, "a number");
        }
        return number;
    }

    /** The four numbers x, y, width and height. */
    public static double[] box(JsonObject entry, String name) {
        List<@Nullable Object> list = entry.listOrNull(name);
        if (list == null || list.size() != 4) {
            throw entry.wrong(name, "x, y, width and height in pixels");
        }
        return numbers(list, entry.where() + ": " + name);
    }

    /** A box of JSON lines: {@code bbox} as COCO has it, or {@code box} with its edges. */
    public static double[] anyBox(JsonObject entry) {
        if (entry.has("bbox") || !entry.has("box")) {
            return box(entry, "bbox");
        }
        JsonObject edges = entry.object("box");
        double left = number(edges, "left");
        double top = number(edges, "top");
        return new double[] {left, top, number(edges, "right") - left, number(edges, "bottom") - top};
    }

    /** What an entry of JSON lines has as its mask; null if it has none. */
    public static @Nullable Object segmentation(JsonObject entry) {
        for (String name : List.of("mask", "segmentation", "rle")) {
            if (entry.has(name)) {
                return entry.members().get(name);
            }
        }
        return null;
    }

    /** Whether an object stands for many: {@code iscrowd} as COCO has it, or {@code crowd}. */
    public static boolean isCrowd(JsonObject entry) {
        String name = entry.has("iscrowd") ? "iscrowd" : "crowd";
        Object crowd = entry.members().get(name);
        if (crowd == null || crowd instanceof Boolean || crowd instanceof Long) {
            return Boolean.TRUE.equals(crowd) || (crowd instanceof Long number && number != 0);
        }
        throw entry.wrong(name, "0 or 1");
    }

    /** Polygons, or run lengths as text or list, of a picture of a known size. */
    public static CocoRle mask(@Nullable Object segmentation, int width, int height, String where) {
        if (width == 0 || height == 0) {
            throw new EvaluationException(where + ": masks need the width and height of their picture");
        }
        try {
            if (segmentation instanceof List<?> polygons && !polygons.isEmpty() && polygons.size() <= MAX_POLYGONS) {
                return filled(polygons, width, height, where);
            }
            if (segmentation instanceof Map<?, ?> runs) {
                return runs(runs, width, height, where);
            }
        } catch (MaskException e) {
            throw new EvaluationException(where + ": " + e.getMessage(), e);
        }
        throw new EvaluationException(where + ": a mask must be a list of polygons, or size and counts, got "
                + JsonObject.describe(segmentation));
    }

    private static CocoRle filled(List<?> polygons, int width, int height, String where) {
        CocoRle mask = null;
        for (Object polygon : polygons) {
            CocoRle part = CocoRle.ofPolygon(width, height, numbers(polygon, where));
            mask = mask == null ? part : Runs.union(mask, part);
        }
        return Objects.requireNonNull(mask);
    }

    private static CocoRle runs(Map<?, ?> runs, int width, int height, String where) {
        double[] size = numbers(runs.get("size"), where + ": size");
        if (size.length != 2 || size[0] != height || size[1] != width) {
            throw new EvaluationException(where + ": a mask must have the size [" + height + ", " + width
                    + "] of its picture, got " + Arrays.toString(size));
        }
        return runs.get("counts") instanceof String text
                ? CocoRle.parse(width, height, text)
                : CocoRle.of(width, height, counts(runs.get("counts"), where));
    }

    private static double[] numbers(@Nullable Object list, String where) {
        if (list instanceof List<?> values && values.stream().allMatch(Number.class::isInstance)) {
            return values.stream()
                    .mapToDouble(each -> ((Number) each).doubleValue())
                    .toArray();
        }
        throw new EvaluationException(where + ": expected a list of numbers, got " + JsonObject.describe(list));
    }

    private static int[] counts(@Nullable Object list, String where) {
        double[] numbers = numbers(list, where + ": counts");
        int[] counts = new int[numbers.length];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = (int) numbers[i];
            if (counts[i] != numbers[i]) {
                throw new EvaluationException(where + ": counts[" + i + "] must be a whole number, got " + numbers[i]);
            }
        }
        return counts;
    }
}
