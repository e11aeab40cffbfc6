package dev.paligemma.reference;

import dev.paligemma.engine.graph.AttentionSpec;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;

/**
 * Sequences that grow from run to run. The rows of the first run see each other; later row {@code t} is the next one of
 * sequence {@code t}, and sees that sequence with itself, or the window at its end.
 *
 * @param caches for each sequence its keys and values by the names of the caches; runs add to them
 */
record CachedSight(List<Map<String, KeysAndValues>> caches) implements Sight {
    @Override
    public IntFunction<KeysAndValues> of(AttentionSpec spec, KeysAndValues rows) {
        String cache = Objects.requireNonNull(spec.cache());
        if (caches.get(0).putIfAbsent(cache, rows) == null) {
            return t -> rows;
        }
        return t -> {
            KeysAndValues own = caches.get(t).merge(cache, rows.part(t, t + 1), KeysAndValues::then);
            int all = own.keys().size();
            return own.part(spec.window() == 0 ? 0 : Math.max(0, all - spec.window()), all);
        };
    }
}
