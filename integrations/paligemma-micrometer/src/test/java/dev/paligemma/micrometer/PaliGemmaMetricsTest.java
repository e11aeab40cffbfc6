package dev.paligemma.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.TooManyRequestsException;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class PaliGemmaMetricsTest {
    private static final int IMAGE_TOKENS = 64;

    /** What tests measure with; the pipeline, which is loaded once, tells whichever it is. */
    private static PaliGemmaMetrics metrics = new PaliGemmaMetrics();

    private static PaliGemmaPipeline pipeline;
    private static RgbImage image;

    private final MeterRegistry registry = new SimpleMeterRegistry();

    @BeforeAll
    static void load() {
        image = RgbImage.read(TinyModel.picture());
        pipeline = PaliGemmaPipeline.builder()
                .checkpoint(TinyModel.folder())
                .maxConcurrentRequests(1)
                .maxWaiting(0)
                .onRequest(new ForwardingListener(() -> metrics))
                .build();
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    @BeforeEach
    void measureAnew() {
        metrics = new PaliGemmaMetrics();
        metrics.bindTo(registry);
    }

    private static GenerationRequest caption(int maxNewTokens) {
        return GenerationRequest.builder()
                .image(image)
                .prompt("caption en")
                .maxNewTokens(maxNewTokens)
                .build();
    }

    private Timer requests(String kind, String outcome) {
        return registry.get("paligemma.requests")
                .tags("kind", kind, "outcome", outcome)
                .timer();
    }

    private double tokens(String kind) {
        return registry.get("paligemma.tokens").tag("kind", kind).counter().count();
    }

    private double gauge(String name) {
        return registry.get(name).gauge().value();
    }

    @Test
    void anAnswerIsTimedAndItsTokensAreCounted() {
        int written = pipeline.generate(caption(64)).tokens().size();

        assertThat(requests("single", "stop").count()).isEqualTo(1);
        assertThat(tokens("prompt")).isEqualTo(4);
        assertThat(tokens("image")).isEqualTo(IMAGE_TOKENS);
        assertThat(tokens("completion")).isEqualTo(written);
        double stages = 0;
        for (String stage : List.of("preprocess", "vision", "prefill", "decode")) {
            Timer timer = registry.get("paligemma.stage").tag("stage", stage).timer();
            assertThat(timer.count()).isEqualTo(1);
            assertThat(timer.totalTime(TimeUnit.NANOSECONDS)).as(stage).isPositive();
            stages += timer.totalTime(TimeUnit.NANOSECONDS);
        }
        double whole = requests("single", "stop").totalTime(TimeUnit.NANOSECONDS);
        assertThat(stages).isLessThanOrEqualTo(whole);
        assertThat(registry.get("paligemma.first.token").timer().totalTime(TimeUnit.NANOSECONDS))
                .isBetween(1.0, whole);
        assertThat(registry.get("paligemma.queue.wait").timer().totalTime(TimeUnit.NANOSECONDS))
                .isBetween(1.0, whole);
    }

    @Test
    void theOutcomeSaysHowRequestsEnd() {
        pipeline.generate(caption(2));
        pipeline.stream(caption(64)).forEachRemaining(piece -> {});
        try (AnswerStream stream = pipeline.stream(caption(64))) {
            stream.next();
        }
        assertThatThrownBy(() -> pipeline.generate(GenerationRequest.of(image, "caption en <image> of <image>")))
                .isInstanceOf(IllegalArgumentException.class);
        pipeline.search(caption(64), BeamSearch.of(2));
        pipeline.score(caption(64), List.of("a red circle"));
        pipeline.generateAll(List.of(caption(64), caption(1)), 2);

        assertThat(requests("single", "length").count()).isEqualTo(1);
        assertThat(requests("stream", "stop").count()).isEqualTo(1);
        assertThat(requests("stream", "cancelled").count()).isEqualTo(1);
        assertThat(requests("single", "failed").count()).isEqualTo(1);
        assertThat(requests("search", "stop").count()).isEqualTo(1);
        assertThat(requests("score", "stop").count()).isEqualTo(1);
        assertThat(requests("batch", "stop").count()).isEqualTo(1);
        assertThat(requests("batch", "length").count()).isEqualTo(1);
        assertThat(registry.get("paligemma.requests").timers()).hasSize(8);
    }

    @Test
    void gaugesShowWhatRunsAndRefusedRequestsAreCounted() {
        assertThat(gauge("paligemma.queue.active")).isZero();
        try (AnswerStream stream = pipeline.stream(caption(64))) {
            stream.next();

            assertThat(gauge("paligemma.queue.active")).isEqualTo(1);
            assertThatThrownBy(() -> pipeline.generate(caption(1))).isInstanceOf(TooManyRequestsException.class);
        }

        assertThat(gauge("paligemma.queue.active")).isZero();
        assertThat(gauge("paligemma.queue.waiting")).isZero();
        assertThat(requests("single", "refused").count()).isEqualTo(1);
        assertThat(registry.get("paligemma.queue.wait").timer().count()).isEqualTo(1);
        assertThat(tokens("completion")).isZero();
    }

    @Test
    void requestsThatWaitAreSeen() {
        StillRequest request = new StillRequest();

        metrics.queued(request);
        assertThat(gauge("paligemma.queue.waiting")).isEqualTo(1);

        metrics.started(request);
        assertThat(gauge("paligemma.queue.waiting")).isZero();
        assertThat(gauge("paligemma.queue.active")).isEqualTo(1);
    }

    @Test
    void theModelIsLoadedUntilItIsClosed() {
        metrics.loaded(pipeline.info());
        Tags model = Tags.of("engine", "onnx", "precision", "float32");
        assertThat(registry.get("paligemma.model.loaded").tags(model).gauge().value())
                .isEqualTo(1);

        metrics.closed();

        assertThat(gauge("paligemma.model.loaded")).isZero();
    }

    @Test
    void registriesMayBeBoundLateAndTwice() {
        metrics.loaded(pipeline.info());
        MeterRegistry late = new SimpleMeterRegistry();
        try (AnswerStream stream = pipeline.stream(caption(3))) {
            stream.next();
            metrics.bindTo(late);
            metrics.bindTo(late);

            assertThat(late.get("paligemma.queue.active").gauge().value()).isEqualTo(1);
            stream.forEachRemaining(piece -> {});
        }

        assertThat(late.get("paligemma.model.loaded").gauge().value()).isEqualTo(1);
        assertThat(late.get("paligemma.requests").timer().count()).isEqualTo(1);
        assertThat(requests("stream", "length").count()).isEqualTo(1);
    }

    @Test
    void twoPipelinesShareARegistryByTags() {
        PaliGemmaMetrics other = new PaliGemmaMetrics(Tags.of("model", "other"));
        MeterRegistry shared = new SimpleMeterRegistry();
        new PaliGemmaMetrics(Tags.of("model", "one")).bindTo(shared);
        other.bindTo(shared);

        other.queued(new StillRequest());

        assertThat(shared.get("paligemma.queue.waiting")
                        .tag("model", "one")
                        .gauge()
                        .value())
                .isZero();
        assertThat(shared.get("paligemma.queue.waiting")
                        .tag("model", "other")
                        .gauge()
                        .value())
                .isEqualTo(1);
    }

    @Test
    void aTagThatAMeterHasAlreadyIsRefused() {
        assertThatThrownBy(() -> new PaliGemmaMetrics(Tags.of("kind", "mine")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("kind", "choose another key");
    }

    @Test
    void prometheusHasItsNames() {
        PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        metrics.bindTo(prometheus);
        metrics.loaded(pipeline.info());
        pipeline.generate(caption(64));

        assertThat(prometheus.scrape())
                .contains(
                        "paligemma_requests_seconds_count{kind=\"single\",outcome=\"stop\"} 1\n",
                        "paligemma_requests_seconds_max{kind=\"single\",outcome=\"stop\"} ",
                        "paligemma_tokens_total{kind=\"image\"} 64.0\n",
                        "paligemma_stage_seconds_sum{stage=\"vision\"} ",
                        "paligemma_first_token_seconds_count 1\n",
                        "paligemma_queue_wait_seconds_count 1\n",
                        "paligemma_queue_waiting 0.0\n",
                        "paligemma_queue_active 0.0\n",
                        "paligemma_model_loaded{engine=\"onnx\",precision=\"float32\"} 1.0\n");
    }
}
