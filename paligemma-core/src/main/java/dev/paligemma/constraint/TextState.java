package dev.paligemma.constraint;

import org.jspecify.annotations.Nullable;

/**
 * A state of a deterministic automaton over characters. All edges lead to states from which an accepting one can be
 * reached with characters that the vocabulary can write. Thread-safe.
 */
abstract class TextState {
    /** What a vocabulary allows here, once that is known. Two threads may find it out; they find the same. */
    private volatile @Nullable TokenSet allowed;

    /** Tells whether the text may end here. */
    abstract boolean accepts();

    /** Returns the number of edges. They are in ascending order of their characters, which do not overlap. */
    abstract int edges();

    abstract int first(int edge);

    abstract int last(int edge);

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
