package dev.paligemma.cli.validation;

import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.retrieval.PageEncoder;
import dev.paligemma.retrieval.Rows;
import dev.paligemma.vision.RgbImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A page of one grey level, and the first numbers of its first rows as somebody else's code gave them. Immutable.
 *
 * @param id a short name
 * @param level the grey level, from 0 for black to 255 for white
 * @param side the width and height of the page in pixels
 * @param rows the first numbers of the first rows, each with as many
 * @param source who published it
 */
public record PageCheck(String id, int level, int side, List<List<Double>> rows, String source) {
    /** How far numbers may differ: the published ones were computed in bfloat16, of which a number has 8 bits. */
    static final double TOLERANCE = 0.02;

    private static final int MOST = 4_096;

    /** Copies the rows. */
    public PageCheck {
        rows = rows.stream().map(List::copyOf).toList();
    }

    static PageCheck of(JsonObject json) {
        List<List<Double>> rows = new ArrayList<>();
        for (Object row : Objects.requireNonNullElse(json.listOrNull("rows"), List.of())) {
            rows.add(numbers(json, row));
        }
        if (rows.isEmpty() || rows.size() > MOST) {
            throw json.wrong("rows", "a list of 1 to " + MOST + " lists of numbers");
        }
        return new PageCheck(
                text(json, "id"),
                json.integer("level", 255, 0, 255),
                json.integer("side", 32, 1, MOST),
                rows,
                text(json, "source"));
    }

    private static List<Double> numbers(JsonObject json, @Nullable Object row) {
        if (!(row instanceof List<?> list) || list.isEmpty() || list.size() > MOST) {
            throw json.wrong("rows", "lists of 1 to " + MOST + " numbers");
        }
        List<Double> numbers = new ArrayList<>();
        for (Object each : list) {
            if (!(each instanceof Number number)) {
                throw json.wrong("rows", "lists of numbers");
            }
            numbers.add(number.doubleValue());
        }
        return numbers;
    }

    private static String text(JsonObject json, String name) {
        String text = json.stringOrNull(name);
        if (text == null) {
            throw json.wrong(name, "a string");
        }
        return text;
    }

    /** Encodes the page and compares. */
    public Outcome run(PageEncoder encoder) {
        byte[] rgb = new byte[side * side * 3];
        Arrays.fill(rgb, (byte) level);
        Rows got = encoder.page(RgbImage.of(side, side, rgb));
        String asked = "the first rows of a page of " + side + " x " + side + " pixels at level " + level;
        List<List<Double>> first = new ArrayList<>();
        boolean holds = rows.size() <= got.count();
        for (int row = 0; row < Math.min(rows.size(), got.count()); row++) {
            List<Double> numbers = new ArrayList<>();
            for (int i = 0; i < Math.min(rows.get(row).size(), got.width()); i++) {
                numbers.add((double) got.at(row, i));
                holds &= Math.abs(got.at(row, i) - rows.get(row).get(i)) <= TOLERANCE;
            }
            holds &= numbers.size() == rows.get(row).size();
            first.add(numbers);
        }
        return new Outcome(
                id, holds ? Outcome.Verdict.PASS : Outcome.Verdict.DIFFERS, asked, shown(rows), shown(first));
    }

    private static String shown(List<List<Double>> rows) {
        return rows.stream()
                .map(row -> row.stream()
                        .map(number -> String.format(Locale.ROOT, "%.4f", number))
                        .collect(Collectors.joining(" ")))
                .collect(Collectors.joining(" / "));
    }
}
