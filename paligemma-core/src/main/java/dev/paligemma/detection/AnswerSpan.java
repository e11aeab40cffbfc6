package dev.paligemma.detection;

import dev.paligemma.constraint.GeneratedToken;
import java.util.List;
import java.util.Objects;

/**
 * A piece of an answer and where it stands. Immutable.
 *
 * @param text what was written, not empty except for a piece that was not read from an answer
 * @param start where the text begins in {@link ParsedAnswer#rawText()}, in chars
 * @param tokens the tokens that wrote the text, whole even where one of them wrote beyond the piece; empty if the answer
 *     was parsed from text
 * @param firstToken the place of the first of these tokens in the answer; 0 without tokens
 */
public record AnswerSpan(String text, int start, List<GeneratedToken> tokens, int firstToken) {
    /** A piece for what was not read from an answer. */
    static final AnswerSpan NONE = new AnswerSpan("", 0, List.of(), 0);

    /** Copies the list; an {@link IndexOutOfBoundsException} if a position is negative. */
    public AnswerSpan {
        Objects.requireNonNull(text, "text");
        Objects.checkIndex(start, Integer.MAX_VALUE);
        Objects.checkIndex(firstToken, Integer.MAX_VALUE);
        tokens = List.copyOf(tokens);
    }

    /** Where the text ends: the position after its last char in {@link ParsedAnswer#rawText()}. */
    public int end() {
        return start + text.length();
    }
}
