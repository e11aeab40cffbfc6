package dev.paligemma.examples;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The tables of a page with measurements, by the heading and the words above them. */
final class MeasuredTables {
    private static final Pattern NUMBER = Pattern.compile("\\d[\\d,]*(?:\\.\\d+)?");

    private final List<String> lines;

    MeasuredTables(Path page) throws IOException {
        lines = Files.readAllLines(page);
    }

    /**
     * The number in a cell, without its unit; the first one if there are several.
     *
     * @param section the heading
     * @param caption how the text between heading and table begins, after which this table is the first
     * @param column the name of the column
     * @param row how the row begins, cell by cell
     */
    BigDecimal number(String section, String caption, String column, String... row) {
        int heading = lines.indexOf("## " + section);
        int line = heading + 1;
        while (heading >= 0 && line < lines.size() && !lines.get(line).startsWith(caption)) {
            if (lines.get(line).startsWith("## ")) {
                break;
            }
            line++;
        }
        while (line < lines.size() && !lines.get(line).startsWith("|")) {
            line++;
        }
        List<List<String>> table = new ArrayList<>();
        while (heading >= 0 && line < lines.size() && lines.get(line).startsWith("|")) {
            table.add(cells(lines.get(line)));
            line++;
        }
        int place = table.isEmpty() ? -1 : table.get(0).indexOf(column);
        for (List<String> cells : table) {
            if (place >= 0
                    && cells.subList(0, Math.min(row.length, cells.size())).equals(List.of(row))) {
                Matcher number = NUMBER.matcher(cells.get(place));
                if (number.find()) {
                    return new BigDecimal(number.group().replace(",", ""));
                }
            }
        }
        throw new AssertionError("no number in the section '" + section + "', table '" + caption + "', column '"
                + column + "', row " + Arrays.toString(row));
    }

    private static List<String> cells(String line) {
        String inner = line.substring(1, line.lastIndexOf('|'));
        return Arrays.stream(inner.split("\\|", -1)).map(String::strip).toList();
    }
}
