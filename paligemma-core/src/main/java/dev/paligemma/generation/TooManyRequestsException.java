package dev.paligemma.generation;

import dev.paligemma.base.PaliGemmaException;

/**
 * A request was refused at once, because as many were running and waiting already as {@link
 * dev.paligemma.PipelineBuilder#maxWaiting} allows. Nothing was run for it; it may be tried again later.
 */
public final class TooManyRequestsException extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    private final int running;
    private final int waiting;

    /** An exception about a pipeline with so many requests that run, and that wait. */
    public TooManyRequestsException(int running, int waiting) {
        super("the pipeline is busy: of its requests " + running + " are running and " + waiting
                + " are waiting, and no more may wait; try again later, or raise maxWaiting(...) or"
                + " maxConcurrentRequests(...) of the builder");
        this.running = running;
        this.waiting = waiting;
    }

    /** How many requests were running. */
    public int running() {
        return running;
    }

    /** How many requests were waiting for their turn, as many as may. */
    public int waiting() {
        return waiting;
    }
}
