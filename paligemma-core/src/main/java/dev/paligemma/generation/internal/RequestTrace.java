package dev.paligemma.generation.internal;

import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestInfo;
import dev.paligemma.generation.RequestListener;
import dev.paligemma.generation.RequestOutcome;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells listeners what becomes of one request. For one thread at a time. */
public final class RequestTrace {
    private static final Logger LOG = LoggerFactory.getLogger(RequestTrace.class);

    /** Of what nobody is told about; thread-safe, as it keeps nothing. */
    static final RequestTrace NONE = new RequestTrace(List.of(), Optional.empty());

    private final List<RequestListener> listeners;
    private final Optional<Info> info;

    private RequestTrace(List<RequestListener> listeners, Optional<Info> info) {
        this.listeners = listeners;
        this.info = info;
    }

    static RequestTrace of(List<RequestListener> listeners, long id, RequestInfo.Kind kind, GenerationRequest request) {
        return listeners.isEmpty() ? NONE : new RequestTrace(listeners, Optional.of(new Info(id, kind, request)));
    }

    /** What listeners see, and how far the request is. */
    private static final class Info implements RequestInfo {
        private final long id;
        private final Kind kind;
        private final GenerationRequest request;
        private OptionalLong queued = OptionalLong.empty();
        private OptionalLong started = OptionalLong.empty();
        private OptionalLong finished = OptionalLong.empty();
        private boolean firstToken;

        Info(long id, Kind kind, GenerationRequest request) {
            this.id = id;
            this.kind = kind;
            this.request = request;
        }

        @Override
        public long id() {
            return id;
        }

        @Override
        public Kind kind() {
            return kind;
        }

        @Override
        public GenerationRequest request() {
            return request;
        }

        @Override
        public Duration waited() {
            return since(started.isPresent() ? started : finished);
        }

        @Override
        public Duration elapsed() {
            return since(finished);
        }

        private Duration since(OptionalLong end) {
            return Duration.ofNanos(end.orElseGet(System::nanoTime) - queued.orElseGet(System::nanoTime));
        }

        /** No prompt. */
        @Override
        public String toString() {
            return "request " + id + ", " + kind;
        }
    }

    /** The request asks for its turn. */
    public void queued() {
        info.filter(each -> each.queued.isEmpty()).ifPresent(each -> {
            each.queued = OptionalLong.of(System.nanoTime());
            tell("queued", listener -> listener.queued(each));
        });
    }

    /** Work on the request begins. */
    void started() {
        info.filter(each -> each.started.isEmpty()).ifPresent(each -> {
            each.started = OptionalLong.of(System.nanoTime());
            tell("started", listener -> listener.started(each));
        });
    }

    /** The model has said what comes first. */
    void firstToken() {
        info.filter(each -> !each.firstToken).ifPresent(each -> {
            each.firstToken = true;
            tell("firstToken", listener -> listener.firstToken(each));
        });
    }

    /** The request has its results; nothing if it has ended before. */
    void finished(List<GenerationResult> results) {
        end(() -> new RequestOutcome(results, Optional.empty()));
    }

    /** The request has failed; nothing if it was never queued, or has ended before. */
    public void failed(Throwable failure) {
        end(() -> new RequestOutcome(List.of(), Optional.of(failure)));
    }

    private void end(Supplier<RequestOutcome> ended) {
        info.filter(each -> each.queued.isPresent() && each.finished.isEmpty()).ifPresent(each -> {
            each.finished = OptionalLong.of(System.nanoTime());
            RequestOutcome outcome = ended.get();
            tell("finished", listener -> listener.finished(each, outcome));
        });
    }

    /** Does what the request asks, and tells how it began and ended. */
    public <T> T around(Supplier<T> work, Function<T, List<GenerationResult>> results) {
        queued();
        T done;
        try {
            done = work.get();
        } catch (RuntimeException | Error e) {
            failed(e);
            throw e;
        }
        finished(results.apply(done));
        return done;
    }

    private void tell(String what, Consumer<RequestListener> call) {
        for (RequestListener listener : listeners) {
            try {
                call.accept(listener);
            } catch (VirtualMachineError e) {
                throw e;
            } catch (Throwable e) { // whatever it is, it is not the request's fault
                LOG.warn(
                        "{} of the request listener {} failed",
                        what,
                        listener.getClass().getName(),
                        e);
            }
        }
    }
}
