package dev.paligemma.cli.pages;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/** A PDF cannot be opened, or a page of it cannot be drawn. */
public final class PdfException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** The message says which file and page, and why; the cause may be null. */
    public PdfException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
