package dev.paligemma.micrometer;

import dev.paligemma.ModelInfo;
import dev.paligemma.generation.RequestOutcome;
import dev.paligemma.generation.Timings;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/** The meters of one pipeline in one registry. Thread-safe. */
final class RegistryMeters {
    /** The keys of all tags. */
    static final List<String> KEYS = List.of("kind", "outcome", "stage", "engine", "precision");

    private final MeterRegistry registry;
    private final Tags tags;
    private final Timer firstToken;
    private final Timer queueWait;
    private final Counter promptTokens;
    private final Counter imageTokens;
    private final Counter newTokens;
    private final Timer preprocess;
    private final Timer vision;
    private final Timer prefill;
    private final Timer decode;

    /** Whether a model with these tags is loaded, 1 or 0. */
    private final Map<Tags, AtomicInteger> loaded = new ConcurrentHashMap<>();

    RegistryMeters(MeterRegistry registry, Tags tags, IntSupplier waiting, IntSupplier active) {
        this.registry = registry;
        this.tags = tags;
        this.firstToken = timer(PaliGemmaMetrics.FIRST_TOKEN, "From asking for a turn to the first token", tags);
        this.queueWait = timer(PaliGemmaMetrics.QUEUE_WAIT, "How long requests waited for their turn", tags);
        this.promptTokens = tokens("prompt");
        this.imageTokens = tokens("image");
        this.newTokens = tokens("completion");
        this.preprocess = stage("preprocess");
        this.vision = stage("vision");
        this.prefill = stage("prefill");
        this.decode = stage("decode");
        gauge(PaliGemmaMetrics.QUEUE_WAITING, "Requests that wait for their turn", tags, waiting);
        gauge(PaliGemmaMetrics.QUEUE_ACTIVE, "Requests that run", tags, active);
    }

    boolean isOf(MeterRegistry other) {
        return registry == other;
    }

    private void gauge(String name, String description, Tags gaugeTags, IntSupplier value) {
        Gauge.builder(name, value::getAsInt)
                .description(description)
                .tags(gaugeTags)
                .register(registry);
    }

    private Counter tokens(String kind) {
        return Counter.builder(PaliGemmaMetrics.TOKENS)
                .description("Tokens of requests that have an answer")
                .tags(tags.and("kind", kind))
                .register(registry);
    }

    private Timer stage(String stage) {
        return timer(PaliGemmaMetrics.STAGE, "Where the time of requests went", tags.and("stage", stage));
    }

    private Timer timer(String name, String description, Tags timerTags) {
        return Timer.builder(name).description(description).tags(timerTags).register(registry);
    }

    void started(Duration waited) {
        queueWait.record(waited);
    }

    void firstToken(Duration elapsed) {
        firstToken.record(elapsed);
    }

    void finished(String kind, Duration elapsed, String ended, RequestOutcome outcome) {
        timer(PaliGemmaMetrics.REQUESTS, "Finished requests", tags.and("kind", kind, "outcome", ended))
                .record(elapsed);
        promptTokens.increment(outcome.promptTokens());
        imageTokens.increment(outcome.imageTokens());
        newTokens.increment(outcome.newTokens());
        outcome.timings().ifPresent(this::stages);
    }

    private void stages(Timings timings) {
        record(preprocess, timings.preprocessMs());
        record(vision, timings.visionMs());
        record(prefill, timings.prefillMs());
        record(decode, timings.decodeMs());
    }

    private static void record(Timer timer, double milliseconds) {
        timer.record(Duration.ofNanos(Math.round(milliseconds * 1e6)));
    }

    void loaded(ModelInfo info) {
        closed();
        Tags model = tags.and(
                "engine",
                info.engine(),
                "precision",
                info.options().precision().name().toLowerCase(Locale.ROOT));
        loaded.computeIfAbsent(model, this::modelGauge).set(1);
    }

    private AtomicInteger modelGauge(Tags model) {
        AtomicInteger value = new AtomicInteger();
        gauge(PaliGemmaMetrics.MODEL_LOADED, "1 while the model is loaded", model, value::get);
        return value;
    }

    void closed() {
        loaded.values().forEach(each -> each.set(0));
    }
}
