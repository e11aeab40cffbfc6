package dev.paligemma.tokenizer;

import dev.paligemma.base.PaliGemmaException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when a {@code tokenizer.json} or {@code tokenizer.model} cannot be read or is malformed or unsupported, or when it lacks a token that was
 * asked for. The message names the file, the place in it, what was expected and what was found.
 */
public class TokenizerException extends PaliGemmaException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception without a cause.
     *
     * @param message what is wrong and where
     */
    public TokenizerException(String message) {
        super(message);
    }

    /**
     * Creates an exception that keeps its cause.
     *
     * @param message what is wrong and where
     * @param cause the error underneath, or {@code null} if there is none
     */
    public TokenizerException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
