package dev.paligemma.retrieval;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/** An index of pages cannot be read or written, is damaged, or was made with another model. */
public class PageIndexException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** The message says what, where, expected and got, and what helps. */
    public PageIndexException(String message) {
        super(message);
    }

    /** The same with a cause, or with none. */
    public PageIndexException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
