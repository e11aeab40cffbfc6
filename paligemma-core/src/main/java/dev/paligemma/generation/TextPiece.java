package dev.paligemma.generation;

import dev.paligemma.constraint.GeneratedToken;
import java.util.Objects;
import java.util.Optional;

/**
 * A piece of an answer as it is written. Immutable.
 *
 * @param text the text that is now certain; empty while a character is incomplete. With stop strings, a token that may belong to one
 *     comes later, once it is known that it does not
 * @param token the token that was written; empty for the last piece of an answer that ends within a character
 */
public record TextPiece(String text, Optional<GeneratedToken> token) {
    /** Checks that there is a text. */
    public TextPiece {
        Objects.requireNonNull(text, "text");
        Objects.requireNonNull(token, "token");
    }
}
