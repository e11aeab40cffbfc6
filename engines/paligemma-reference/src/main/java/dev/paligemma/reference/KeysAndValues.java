package dev.paligemma.reference;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows that queries may attend to. A row is never written again, so copies share rows; the lists grow.
 *
 * @param keys {@code [S, kvHeads * D]}
 * @param values {@code [S, kvHeads * D]}
 */
record KeysAndValues(List<double[]> keys, List<double[]> values) {

    /** How many rows there are, {@code S}. */
    int count() {
        return keys.size();
    }

    /** Adds a row at the end. */
    void append(double[] key, double[] value) {
        keys.add(key);
        values.add(value);
    }

    /** The rows from one index up to another one, which is excluded. */
    KeysAndValues part(int from, int to) {
        return new KeysAndValues(keys.subList(from, to), values.subList(from, to));
    }

    /** The same rows in lists of their own. */
    KeysAndValues copy() {
        return new KeysAndValues(new ArrayList<>(keys), new ArrayList<>(values));
    }
}
