package dev.paligemma.constraint;

import java.util.ArrayList;
import java.util.List;

/** A regular expression, parsed. Immutable. */
sealed interface TextPattern {
    /** The empty text. */
    TextPattern EMPTY = new Sequence(List.of());

    /** The number that stands for "any number of times". */
    int UNBOUNDED = -1;

    /** One character of a set. */
    record OneOf(CodePoints set) implements TextPattern {}

    /** One part after the other, none of them empty. */
    record Sequence(List<TextPattern> parts) implements TextPattern {}

    /** One of several, at least one. */
    record Choice(List<TextPattern> choices) implements TextPattern {}

    /** The same part, not empty, several times; at most once or more often, or {@link #UNBOUNDED}. */
    record Repeat(TextPattern part, int min, int max) implements TextPattern {}

    /** Copies of the empty text cost nothing to make, so without this rule nothing would bound their number. */
    static TextPattern sequence(List<TextPattern> parts) {
        List<TextPattern> kept =
                parts.stream().filter(part -> !part.equals(EMPTY)).toList();
        return kept.size() == 1 ? kept.get(0) : new Sequence(kept);
    }

    static TextPattern choice(List<TextPattern> choices) {
        return choices.size() == 1 ? choices.get(0) : new Choice(List.copyOf(choices));
    }

    static TextPattern repeat(TextPattern part, int min, int max) {
        return max == 0 || part.equals(EMPTY) ? EMPTY : new Repeat(part, min, max);
    }

    static TextPattern literal(String text) {
        List<TextPattern> parts = new ArrayList<>();
        text.codePoints().forEach(c -> parts.add(new OneOf(CodePoints.of(c, c))));
        return sequence(parts);
    }
}
