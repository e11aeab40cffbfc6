package dev.paligemma.micrometer;

import dev.paligemma.generation.RequestInfo;
import dev.paligemma.generation.RequestListener;
import dev.paligemma.generation.RequestOutcome;
import java.util.function.Supplier;

/** Tells whichever listener there is at the moment. */
record ForwardingListener(Supplier<? extends RequestListener> current) implements RequestListener {
    @Override
    public void queued(RequestInfo request) {
        current.get().queued(request);
    }

    @Override
    public void started(RequestInfo request) {
        current.get().started(request);
    }

    @Override
    public void firstToken(RequestInfo request) {
        current.get().firstToken(request);
    }

    @Override
    public void finished(RequestInfo request, RequestOutcome outcome) {
        current.get().finished(request, outcome);
    }
}
