package dev.paligemma.generation.internal;

import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.RequestInfo;
import dev.paligemma.generation.RequestListener;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Who is told of the requests of a pipeline. Thread-safe. */
public final class RequestListeners {
    private final List<RequestListener> listeners;
    private final AtomicLong requests = new AtomicLong();

    /** Listeners in the order in which they are told. */
    public RequestListeners(List<RequestListener> listeners) {
        this.listeners = List.copyOf(listeners);
    }

    /** Begins to follow a request; nobody is told before it is queued. */
    public RequestTrace trace(RequestInfo.Kind kind, GenerationRequest request) {
        return RequestTrace.of(listeners, requests.incrementAndGet(), kind, request);
    }
}
