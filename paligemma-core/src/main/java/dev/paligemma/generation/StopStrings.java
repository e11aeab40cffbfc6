package dev.paligemma.generation;

import dev.paligemma.base.internal.Quote;
import java.util.List;

/** Checks stop strings. Stateless. */
final class StopStrings {
    private StopStrings() {}

    /** The same; an {@link IllegalArgumentException} if there are too many, or one is empty, too long, or ends within a character. */
    static List<String> check(List<String> texts) {
        if (texts.size() > GenerationRequest.MAX_STOP_STRINGS) {
            throw new IllegalArgumentException(
                    "expected at most " + GenerationRequest.MAX_STOP_STRINGS + " stop strings, got " + texts.size());
        }
        for (int i = 0; i < texts.size(); i++) {
            check("stop[" + i + "]", texts.get(i));
        }
        return texts;
    }

    private static void check(String name, String text) {
        if (text.isEmpty() || text.length() > GenerationRequest.MAX_STOP_LENGTH) {
            throw new IllegalArgumentException(name + " must have 1 to " + GenerationRequest.MAX_STOP_LENGTH
                    + " characters, got " + text.length());
        }
        if (text.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
            throw new IllegalArgumentException(name + " has half a character in it: " + Quote.quote(text));
        }
    }
}
