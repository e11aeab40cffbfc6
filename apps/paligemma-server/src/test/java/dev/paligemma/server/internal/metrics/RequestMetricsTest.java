package dev.paligemma.server.internal.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.RequestInfo;
import dev.paligemma.generation.RequestOutcome;
import dev.paligemma.generation.TooManyRequestsException;
import dev.paligemma.task.Tasks;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RequestMetricsTest {
    private final AtomicLong clock = new AtomicLong();
    private final RequestMetrics metrics = new RequestMetrics(clock::get);

    /** A request whose times are known. */
    private record Known(long id, Kind kind, Duration waited, Duration elapsed) implements RequestInfo {
        @Override
        public GenerationRequest request() {
            throw new UnsupportedOperationException("nobody needs the prompt");
        }
    }

    @Test
    void whatNeverHappenedIsZero() {
        assertThat(samples())
                .contains(
                        "paligemma_queue_waiting 0",
                        "paligemma_queue_active 0",
                        "paligemma_tokens_total{kind=\"prompt\"} 0",
                        "paligemma_stage_seconds_count{stage=\"vision\"} 0",
                        "paligemma_first_token_seconds_sum 0.0")
                .noneMatch(sample -> sample.startsWith("paligemma_requests") || sample.startsWith("paligemma_model"));
    }

    @Test
    void followsARequestFromTheQueueToItsEnd() {
        RequestInfo request = new Known(1, RequestInfo.Kind.STREAM, Duration.ofMillis(500), Duration.ofSeconds(2));

        metrics.queued(request);
        assertThat(samples()).contains("paligemma_queue_waiting 1", "paligemma_queue_active 0");
        metrics.started(request);
        assertThat(samples())
                .contains(
                        "paligemma_queue_waiting 0",
                        "paligemma_queue_active 1",
                        "paligemma_queue_wait_seconds_sum 0.5");
        metrics.firstToken(request);
        metrics.finished(request, failed(new RequestCancelledException("given up")));
        assertThat(samples())
                .contains(
                        "paligemma_queue_active 0",
                        "paligemma_first_token_seconds_count 1",
                        "paligemma_requests_seconds_count{kind=\"stream\",outcome=\"cancelled\"} 1",
                        "paligemma_requests_seconds_sum{kind=\"stream\",outcome=\"cancelled\"} 2.0");
    }

    @Test
    void tellsHowRequestsEnd() {
        finish(1, failed(new TooManyRequestsException(1, 1)));
        finish(2, failed(new IllegalStateException("broken")));
        finish(3, new RequestOutcome(List.of(), Optional.empty()));

        assertThat(samples())
                .contains(
                        "paligemma_requests_seconds_count{kind=\"single\",outcome=\"refused\"} 1",
                        "paligemma_requests_seconds_count{kind=\"single\",outcome=\"failed\"} 1",
                        "paligemma_requests_seconds_count{kind=\"single\",outcome=\"none\"} 1",
                        "paligemma_queue_waiting 0");
    }

    @Test
    void countsWhatAPipelineTells() {
        try (PaliGemmaPipeline pipeline = PaliGemmaPipeline.builder()
                .checkpoint(TinyModel.folder())
                .onRequest(metrics)
                .build()) {
            metrics.loaded(pipeline.info());
            RgbImage image = RgbImage.read(TinyModel.picture());
            pipeline.ocr(image);
            pipeline.run(Tasks.caption("en").with(request -> request.maxNewTokens(2)), image);
        }
        assertThat(samples())
                .contains(
                        "paligemma_model_loaded{engine=\"onnx\",precision=\"float32\"} 1",
                        "paligemma_requests_seconds_count{kind=\"single\",outcome=\"stop\"} 1",
                        "paligemma_requests_seconds_count{kind=\"single\",outcome=\"length\"} 1",
                        "paligemma_tokens_total{kind=\"completion\"} 3",
                        "paligemma_tokens_total{kind=\"image\"} 128",
                        "paligemma_stage_seconds_count{stage=\"decode\"} 2");
    }

    @Test
    void theLongestTimeFallsAgain() {
        String longest = "paligemma_requests_seconds_max{kind=\"single\",outcome=\"failed\"} ";
        finish(1, failed(new IllegalStateException("broken")));
        clock.set(Duration.ofSeconds(61).toNanos());
        assertThat(samples()).contains(longest + "2.0");
        clock.set(Duration.ofSeconds(181).toNanos());
        assertThat(samples()).contains(longest + "0.0");
    }

    @Test
    void everyFamilyHasItsTypeAndEveryLineAForm() {
        finish(1, failed(new IllegalStateException("broken")));

        String type = "";
        for (String line : metrics.text().split("\n", -1)) {
            if (line.startsWith("# TYPE ")) {
                type = line.split(" ")[2];
            } else if (!line.startsWith("# HELP ") && !line.isEmpty()) {
                assertThat(line).matches("[a-z_]+(\\{[a-z]+=\"[a-z0-9]+\"(,[a-z]+=\"[a-z0-9]+\")*})? [0-9.E-]+");
                assertThat(line).startsWith(type);
            }
        }
        assertThat(metrics.text()).endsWith("\n");
        assertThat(PrometheusText.label("a", "b\"\\\n")).isEqualTo("a=\"b\\\"\\\\\\n\"");
    }

    private void finish(long id, RequestOutcome outcome) {
        RequestInfo request = new Known(id, RequestInfo.Kind.SINGLE, Duration.ZERO, Duration.ofSeconds(2));
        metrics.queued(request);
        metrics.finished(request, outcome);
    }

    private static RequestOutcome failed(Throwable failure) {
        return new RequestOutcome(List.of(), Optional.of(failure));
    }

    private List<String> samples() {
        return Arrays.stream(metrics.text().split("\n"))
                .filter(line -> !line.startsWith("#"))
                .toList();
    }
}
