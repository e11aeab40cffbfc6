package dev.paligemma.checkpoint.internal.numpy;

import dev.paligemma.base.PaliGemmaException;
import org.jspecify.annotations.Nullable;

/** Says that a file is not a NumPy archive, is damaged, or holds something else than was asked for. */
public class NpzException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** As {@link #NpzException(String, Throwable)}, without a cause. */
    public NpzException(String message) {
        super(message);
    }

    /** Names the file or tensor, the problem, what was expected and what was found; the cause may be null. */
    public NpzException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
