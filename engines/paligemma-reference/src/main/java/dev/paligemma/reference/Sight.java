package dev.paligemma.reference;

import dev.paligemma.engine.graph.AttentionSpec;
import java.util.function.IntFunction;

/** What the rows of a cached attention see. */
interface Sight {
    /**
     * What each row sees.
     *
     * @param rows the keys and values of all rows of this run
     * @return for a row of this run, each asked once and in order, what it attends to
     */
    IntFunction<KeysAndValues> of(AttentionSpec spec, KeysAndValues rows);
}
