package dev.paligemma.examples;

import dev.paligemma.generation.GenerationResult;
import java.util.List;
import java.util.Optional;

/**
 * The cells of a table. Immutable.
 *
 * @param rows the cells of each row, from left to right; rows may differ in length
 * @param generation the answer that the table was read from
 */
public record Table(List<List<String>> rows, GenerationResult generation) {
    /** Copies the rows. */
    public Table {
        rows = rows.stream().map(List::copyOf).toList();
    }

    /** The text of one cell, row and column counted from 0; empty if the table has no such cell. */
    public Optional<String> cell(int row, int column) {
        return row < rows.size() && column < rows.get(row).size()
                ? Optional.of(rows.get(row).get(column))
                : Optional.empty();
    }
}
