package dev.paligemma.training.run;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Figures of the examples held out. Immutable.
 *
 * @param update after how many updates
 * @param values the metrics in the order asked for, each a finite number
 */
public record Evaluation(long update, Map<Metric, Double> values) {
    /** Copies the map. */
    public Evaluation {
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }
}
