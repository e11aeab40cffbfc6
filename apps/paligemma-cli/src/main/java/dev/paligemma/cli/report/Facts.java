package dev.paligemma.cli.report;

import dev.paligemma.base.internal.Json;
import java.io.PrintWriter;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What a command tells, described once: lines for people, and named values for programs, each in the order in which they are
 * added. Confined to one thread.
 *
 * <p>A value is null, a boolean, a number, an array of numbers, a collection, or facts, which are an object in JSON and
 * whose lines come where they are added. Anything else is written as its text.
 */
public final class Facts {
    private final StringBuilder lines = new StringBuilder();
    private final Map<String, @Nullable Object> values = new LinkedHashMap<>();

    /** Adds a line with a label and what it is about, and the same as a value. */
    public Facts add(String label, String name, Object value) {
        return line(label, "%s", value).value(name, value);
    }

    /** Adds a line with a label, and a text as for {@link String#format}. */
    public Facts line(String label, String format, @Nullable Object... arguments) {
        return row("%-16s%s", label, String.format(Locale.ROOT, format, arguments));
    }

    /** Adds a line without a label. */
    public Facts row(String format, @Nullable Object... arguments) {
        String row = String.format(Locale.ROOT, format, arguments).stripTrailing();
        lines.append(VisibleControls.inOneLine(row)).append(System.lineSeparator());
        return this;
    }

    /** Adds a value. */
    public Facts value(String name, @Nullable Object value) {
        values.put(name, value);
        if (value instanceof Facts facts) {
            lines.append(facts.lines);
        } else if (value instanceof List<?> list) {
            list.forEach(each -> lines.append(each instanceof Facts facts ? facts.lines : ""));
        }
        return this;
    }

    /** Adds all lines and values of others. */
    public Facts all(Facts others) {
        lines.append(others.lines);
        values.putAll(others.values);
        return this;
    }

    /** Prints the values as one JSON object on one line, or the lines. */
    public void print(PrintWriter out, boolean asJson) {
        if (asJson) {
            out.println(json());
        } else {
            out.print(text());
        }
    }

    /** All lines. */
    public String text() {
        return lines.toString();
    }

    /** All values as one JSON object on one line. */
    public String json() {
        return Json.text(tree(), false);
    }

    private Map<String, @Nullable Object> tree() {
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        values.forEach((name, value) -> tree.put(name, tree(value)));
        return tree;
    }

    private static @Nullable Object tree(@Nullable Object value) {
        if (value instanceof Facts facts) {
            return facts.tree();
        }
        if (value instanceof Collection<?> list) {
            return list.stream().map(Facts::tree).toList();
        }
        if (value instanceof int[] numbers) {
            return IntStream.of(numbers).boxed().toList();
        }
        if (value instanceof double[] numbers) {
            return DoubleStream.of(numbers).boxed().toList();
        }
        return value == null || value instanceof Boolean || value instanceof Number ? value : value.toString();
    }

    /** A size in memory, for example {@code 12.19 GB}. */
    static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }
}
