package dev.paligemma.server.internal.metrics;

import dev.paligemma.ModelInfo;
import dev.paligemma.generation.RequestInfo;
import dev.paligemma.generation.RequestListener;
import dev.paligemma.generation.RequestOutcome;
import dev.paligemma.generation.Timings;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Counts and times the requests of a pipeline and tells Prometheus, without a registry. Names, tags and their meaning are those of
 * {@code PaliGemmaMetrics} of paligemma-micrometer, so that a dashboard fits both. Thread-safe.
 */
public final class RequestMetrics implements RequestListener {
    private static final String NO_LABELS = "";

    private final LongSupplier clock;
    private final Set<RequestInfo> waiting = ConcurrentHashMap.newKeySet();
    private final Set<RequestInfo> active = ConcurrentHashMap.newKeySet();
    private final Map<String, Meter> requests = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> tokens = new ConcurrentHashMap<>();
    private final Map<String, Meter> stages = new ConcurrentHashMap<>();
    private final Meter firstToken;
    private final Meter queueWait;
    private volatile Map<String, Integer> loaded = Map.of();

    /** Counts from now on. */
    public RequestMetrics() {
        this(System::nanoTime);
    }

    RequestMetrics(LongSupplier clock) {
        this.clock = clock;
        this.firstToken = new Meter(clock);
        this.queueWait = new Meter(clock);
        // What never happened is 0 and not unknown, so that rates are right from the first request on.
        for (String kind : new String[] {"prompt", "image", "completion"}) {
            count(kind, 0);
        }
        for (String stage : new String[] {"preprocess", "vision", "prefill", "decode"}) {
            stage(stage);
        }
    }

    /** The model can answer. */
    public void loaded(ModelInfo info) {
        String precision = info.options().precision().name().toLowerCase(Locale.ROOT);
        loaded = Map.of(
                PrometheusText.label("engine", info.engine()) + "," + PrometheusText.label("precision", precision), 1);
    }

    @Override
    public void queued(RequestInfo request) {
        waiting.add(request);
    }

    @Override
    public void started(RequestInfo request) {
        active.add(request);
        waiting.remove(request);
        queueWait.record(request.waited().toNanos());
    }

    @Override
    public void firstToken(RequestInfo request) {
        firstToken.record(request.elapsed().toNanos());
    }

    @Override
    public void finished(RequestInfo request, RequestOutcome outcome) {
        waiting.remove(request);
        active.remove(request);
        String labels = PrometheusText.label("kind", request.kind().name().toLowerCase(Locale.ROOT)) + ","
                + PrometheusText.label("outcome", outcome.ending());
        requests.computeIfAbsent(labels, unused -> new Meter(clock))
                .record(request.elapsed().toNanos());
        count("prompt", outcome.promptTokens());
        count("image", outcome.imageTokens());
        count("completion", outcome.newTokens());
        outcome.timings().ifPresent(this::stages);
    }

    private void count(String kind, int number) {
        tokens.computeIfAbsent(PrometheusText.label("kind", kind), unused -> new LongAdder())
                .add(number);
    }

    private void stages(Timings timings) {
        record("preprocess", timings.preprocessMs());
        record("vision", timings.visionMs());
        record("prefill", timings.prefillMs());
        record("decode", timings.decodeMs());
    }

    private void record(String stage, double milliseconds) {
        stage(stage).record(Math.round(milliseconds * 1e6));
    }

    private Meter stage(String stage) {
        return stages.computeIfAbsent(PrometheusText.label("stage", stage), unused -> new Meter(clock));
    }

    /** All figures in the text format of Prometheus. */
    public String text() {
        PrometheusText text = new PrometheusText();
        text.timer("paligemma_first_token", "From asking for a turn to the first token", Map.of(NO_LABELS, firstToken));
        text.gauge("paligemma_model_loaded", "1 while the model is loaded", loaded);
        text.gauge("paligemma_queue_active", "Requests that run", Map.of(NO_LABELS, active.size()));
        text.timer("paligemma_queue_wait", "How long requests waited for their turn", Map.of(NO_LABELS, queueWait));
        text.gauge("paligemma_queue_waiting", "Requests that wait for their turn", Map.of(NO_LABELS, waiting.size()));
        text.timer("paligemma_requests", "Finished requests", requests);
        text.timer("paligemma_stage", "Where the time of requests went", stages);
        text.counter("paligemma_tokens", "Tokens of requests that have an answer", tokens);
        return text.toString();
    }
}
