package dev.paligemma.generation;

import java.util.Objects;

/**
 * One request of a {@link Comparison}, and what both pipelines made of it. Immutable.
 *
 * @param image which of the images, counted from 0
 * @param prompt the prompt as given
 * @param referenceText what the reference wrote
 * @param otherText what the other pipeline wrote on its own
 * @param sameAnswer whether both wrote the same tokens on their own
 * @param agreement the figures
 */
public record ComparedRequest(
        int image, String prompt, String referenceText, String otherText, boolean sameAnswer, Agreement agreement) {
    /** Checks that nothing is null. */
    public ComparedRequest {
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(referenceText, "referenceText");
        Objects.requireNonNull(otherText, "otherText");
        Objects.requireNonNull(agreement, "agreement");
    }
}
