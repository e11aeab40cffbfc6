package dev.paligemma.engine;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/** An engine is missing, cannot do what was asked, or failed while running a program. */
public class EngineException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /**
     * An error without an underlying one; the message says what went wrong, where, what was expected and what was found.
     */
    public EngineException(String message) {
        super(message);
    }

    /** An error caused by the engine's own, or by none; the message as above. */
    public EngineException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
