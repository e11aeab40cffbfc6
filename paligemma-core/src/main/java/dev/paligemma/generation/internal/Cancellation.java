package dev.paligemma.generation.internal;

import dev.paligemma.generation.RequestCancelledException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether a request should go on; asked between the steps of the network. Thread-safe. */
public final class Cancellation {
    private final long start = System.nanoTime();
    private final @Nullable Duration timeout;
    private final RequestTrace trace;
    private volatile boolean cancelled;

    /** Starts the clock of a request, which may run as long as given, or for ever. */
    public Cancellation(Optional<Duration> timeout) {
        this(timeout, RequestTrace.NONE);
    }

    /** The same of a request of which listeners are told. */
    public Cancellation(Optional<Duration> timeout, RequestTrace trace) {
        this.timeout = timeout.orElse(null);
        this.trace = trace;
    }

    /** Tells listeners how far the request is. */
    public RequestTrace trace() {
        return trace;
    }

    /** A request that ends by itself or by an interrupt. */
    public static Cancellation none() {
        return new Cancellation(Optional.empty());
    }

    /** Gives the request up. */
    public void cancel() {
        cancelled = true;
    }

    /**
     * Ends a request that should not go on by a {@link RequestCancelledException}, whose message says what was done so
     * far.
     */
    void check(String when) {
        if (cancelled) {
            throw new RequestCancelledException("the request was cancelled " + when);
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new RequestCancelledException("the thread was interrupted " + when);
        }
        if (timeout != null && Duration.ofNanos(System.nanoTime() - start).compareTo(timeout) >= 0) {
            throw new RequestCancelledException("the limit of " + timeout.toMillis() + " ms was reached " + when);
        }
    }
}
