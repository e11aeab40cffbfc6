package dev.paligemma.generation;

import java.util.Objects;

/**
 * An answer of a search and its score. Immutable.
 *
 * @param answer what was written
 * @param score what the search compares, see {@link BeamSearch}
 */
public record BeamAnswer(GenerationResult answer, double score) {
    /** Checks that there is an answer. */
    public BeamAnswer {
        Objects.requireNonNull(answer, "answer");
    }
}
