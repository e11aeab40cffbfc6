package dev.paligemma.vision.mask;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/** A file with weights of the mask codec, or an encoded mask, that cannot be read, is damaged, or is not supported. */
public class MaskException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an error.
     *
     * @param message the file or text, the place in it, what was expected and what was found
     */
    public MaskException(String message) {
        super(message);
    }

    /**
     * Creates an error with the failure behind it.
     *
     * @param message the file or text, the place in it, what was expected and what was found
     * @param cause the failure behind this error, or null if there is none
     */
    public MaskException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
