package dev.paligemma.vision.mask;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/** A file with weights of the mask codec, or an encoded mask, that cannot be read, is damaged, or is not supported. */
public class MaskException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** An error; the message names the file or text, the place in it, what was expected and what was found. */
    public MaskException(String message) {
        super(message);
    }

    /** An error with the failure behind it, or null; the message as above. */
    public MaskException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
