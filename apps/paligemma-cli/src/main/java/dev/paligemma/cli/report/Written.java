package dev.paligemma.cli.report;

import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.GenerationResult;
import java.util.List;

/**
 * What the model wrote.
 *
 * @param answer the only answer, or the best one of a search
 * @param found all answers of a search, the best one first; empty without a search
 */
public record Written(GenerationResult answer, List<BeamAnswer> found) {
    /** Copies the list. */
    public Written {
        found = List.copyOf(found);
    }
}
