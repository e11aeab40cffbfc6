package dev.paligemma.generation;

import dev.paligemma.token.GeneratedToken;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A piece of an answer as it is written. Immutable.
 *
 * @param text the text that is now certain; empty while a character is incomplete
 * @param token the token that was written; null for the last piece of an answer that ends within a character
 */
public record TextPiece(String text, @Nullable GeneratedToken token) {
    /**
     * Checks that there is a text.
     *
     * @param text the text that is now certain; empty while a character is incomplete
     * @param token the token that was written; null for the last piece of an answer that ends within a character
     */
    public TextPiece {
        Objects.requireNonNull(text, "text");
    }
}
