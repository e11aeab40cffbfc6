package dev.paligemma.cli.report;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Lines with a label and a text in columns. Confined to one thread. */
public final class FactLines {
    private final StringBuilder lines = new StringBuilder();

    /**
     * Adds a line.
     *
     * @param label what it is about
     * @param format the text, as for {@link String#format}
     * @param values what the format names
     */
    public void add(String label, String format, @Nullable Object... values) {
        lines.append(String.format(Locale.ROOT, "%-16s", label))
                .append(VisibleControls.inOneLine(
                        String.format(Locale.ROOT, format, values).stripTrailing()))
                .append(System.lineSeparator());
    }

    /** A size in memory, for example {@code 12.19 GB}. */
    static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }

    /** Returns all lines. */
    @Override
    public String toString() {
        return lines.toString();
    }
}
