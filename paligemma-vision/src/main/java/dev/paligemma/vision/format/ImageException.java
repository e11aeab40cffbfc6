package dev.paligemma.vision.format;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/** An image or an image-processor configuration that cannot be read, is damaged, too large, or not supported. */
public class ImageException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an error.
     *
     * @param message what is wrong with which image
     */
    public ImageException(String message) {
        super(message);
    }

    /**
     * Creates an error with the failure behind it.
     *
     * @param message what is wrong with which image
     * @param cause the failure behind this error, or null if there is none
     */
    public ImageException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
