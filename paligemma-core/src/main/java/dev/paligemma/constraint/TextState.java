package dev.paligemma.constraint;

import org.jspecify.annotations.Nullable;

/**
 * A state of a deterministic automaton over characters. All edges lead to states from which an accepting one can be
 * reached with characters that the vocabulary can write. Thread-safe.
 */
abstract class TextState {
    /** What a vocabulary allows here, once that is known. Two threads may find it out; they find the same. */
    private volatile @Nullable TokenSet allowed;

    private final boolean accepts;
    private final int[] bounds;

    /** A state where the text may end or not; bounds are first and last character of each edge, ascending, never overlapping. */
    TextState(boolean accepts, int[] bounds) {
        this.accepts = accepts;
        this.bounds = bounds;
    }

    /** Tells whether the text may end here. */
    final boolean accepts() {
        return accepts;
    }

    /** Returns the number of edges. */
    final int edges() {
        return bounds.length / 2;
    }

    final int first(int edge) {
        return bounds[2 * edge];
    }

    final int last(int edge) {
        return bounds[2 * edge + 1];
    }

    abstract TextState target(int edge);

    /** Returns the state after one more character, or {@code null} if that may not come here. */
    final @Nullable TextState step(int codePoint) {
        int low = 0;
        int high = edges() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (codePoint < first(middle)) {
                high = middle - 1;
            } else if (codePoint > last(middle)) {
                low = middle + 1;
            } else {
                return target(middle);
            }
        }
        return null;
    }

    final TokenSet allowed(VocabularyTexts vocabulary) {
        TokenSet known = allowed;
        if (known == null) {
            known = vocabulary.allowedAt(this);
            allowed = known;
        }
        return known;
    }
}
