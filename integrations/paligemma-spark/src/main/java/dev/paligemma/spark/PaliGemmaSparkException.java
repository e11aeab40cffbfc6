package dev.paligemma.spark;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/** Says that an executor cannot answer: its model cannot be loaded or used, or a row that must not fail did. */
public class PaliGemmaSparkException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** As {@link #PaliGemmaSparkException(String, Throwable)}, without a cause. */
    public PaliGemmaSparkException(String message) {
        super(message);
    }

    /**
     * Makes an exception that keeps the failure behind it.
     *
     * @param message what failed, and what can be done
     * @param cause the failure behind this one, or null if there is none
     */
    public PaliGemmaSparkException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
