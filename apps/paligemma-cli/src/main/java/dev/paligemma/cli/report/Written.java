package dev.paligemma.cli.report;

import dev.paligemma.GenerationResult;
import dev.paligemma.ScoredAnswer;
import java.util.List;

/**
 * What the model wrote.
 *
 * @param answer the only answer, or the best one of a search
 * @param found all answers of a search, the best one first; empty without a search
 */
public record Written(GenerationResult answer, List<ScoredAnswer> found) {
    /** Copies the list. */
    public Written {
        found = List.copyOf(found);
    }
}
