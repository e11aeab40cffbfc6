package dev.paligemma.reference;

import java.util.List;
import java.util.stream.Stream;

/**
 * Rows that queries may attend to. Immutable.
 *
 * @param keys {@code [S, kvHeads * D]}
 * @param values {@code [S, kvHeads * D]}
 */
record KeysAndValues(List<float[]> keys, List<float[]> values) {
    /** The rows from one index up to another one, which is excluded. */
    KeysAndValues part(int from, int to) {
        return new KeysAndValues(keys.subList(from, to), values.subList(from, to));
    }

    /** These rows and then others. */
    KeysAndValues then(KeysAndValues others) {
        return new KeysAndValues(
                Stream.concat(keys.stream(), others.keys.stream()).toList(),
                Stream.concat(values.stream(), others.values.stream()).toList());
    }
}
