package dev.paligemma.vision.format;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/** An image or an image-processor configuration that cannot be read, is damaged, too large, or not supported. */
public class ImageException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** An error; the message says what is wrong with which image. */
    public ImageException(String message) {
        super(message);
    }

    /** An error with the failure behind it, or null; the message as above. */
    public ImageException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
