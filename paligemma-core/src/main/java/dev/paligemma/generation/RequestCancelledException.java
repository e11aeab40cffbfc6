package dev.paligemma.generation;

import dev.paligemma.base.PaliGemmaException;

/**
 * A request was given up before it was finished: its thread was interrupted, its time was over, or it was cancelled.
 *
 * <p>After an interrupt the thread's interrupted status is set. The pipeline is as good as before.
 */
public final class RequestCancelledException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    /** An exception whose message says who gave up, and when. */
    public RequestCancelledException(String message) {
        super(message);
    }
}
