package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.RequestException;
import dev.paligemma.generation.RequestInfo;
import dev.paligemma.generation.RequestInfo.Kind;
import dev.paligemma.generation.RequestListener;
import dev.paligemma.generation.RequestOutcome;
import dev.paligemma.generation.Sampling;
import dev.paligemma.generation.TooManyRequestsException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class RequestListenerTest {
    private static final Golden GOLDEN = Golden.of("pg2-gqa");
    private static final Probe PROBE = new Probe();
    private static final Recorder RECORDER = new Recorder();
    private static PaliGemmaPipeline pipeline;

    /** Remembers what it is told. */
    private static final class Recorder implements RequestListener {
        private final List<String> events = Collections.synchronizedList(new ArrayList<>());
        private final List<RequestOutcome> outcomes = Collections.synchronizedList(new ArrayList<>());
        private final List<RequestInfo> requests = Collections.synchronizedList(new ArrayList<>());
        private final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
        private volatile Consumer<String> then = event -> {};

        private void note(String event, RequestInfo request) {
            if (event.equals("queued")) {
                requests.add(request);
            }
            events.add(requests.indexOf(request) + " " + event);
            threads.add(Thread.currentThread());
            then.accept(event);
        }

        @Override
        public void queued(RequestInfo request) {
            note("queued", request);
        }

        @Override
        public void started(RequestInfo request) {
            note("started", request);
        }

        @Override
        public void firstToken(RequestInfo request) {
            note("firstToken", request);
        }

        @Override
        public void finished(RequestInfo request, RequestOutcome outcome) {
            outcomes.add(outcome);
            note("finished", request);
        }

        void forget() {
            events.clear();
            outcomes.clear();
            requests.clear();
            threads.clear();
            then = event -> {};
        }
    }

    @BeforeAll
    static void load() {
        pipeline = ProbedEngineProvider.load(
                GOLDEN,
                PROBE,
                builder -> builder.maxConcurrentRequests(1).maxWaiting(1).onRequest(RECORDER));
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    @BeforeEach
    void forget() {
        RECORDER.forget();
    }

    private static GenerationRequest request() {
        return GOLDEN.requests().get(0).toGenerationRequest();
    }

    private static void assertWholeLife(Kind kind, int results) {
        assertThat(RECORDER.events).containsExactly("0 queued", "0 started", "0 firstToken", "0 finished");
        assertThat(RECORDER.requests.get(0).kind()).isEqualTo(kind);
        assertThat(RECORDER.outcomes.get(0).results()).hasSize(results);
        assertThat(RECORDER.outcomes.get(0).failure()).isEmpty();
        assertThat(RECORDER.threads).containsOnly(Thread.currentThread());
    }

    @Test
    void aSingleRequestIsToldFromBeginningToEnd() {
        GenerationResult result = pipeline.generate(request());

        assertWholeLife(Kind.SINGLE, 1);
        RequestOutcome outcome = RECORDER.outcomes.get(0);
        assertThat(outcome.results()).containsExactly(result);
        assertThat(outcome.timings()).contains(result.timings());
        assertThat(outcome.promptTokens()).isEqualTo(result.promptTokenIds().length);
        assertThat(outcome.imageTokens()).isEqualTo(result.imageTokens());
        assertThat(outcome.newTokens()).isEqualTo(12);
        RequestInfo info = RECORDER.requests.get(0);
        assertThat(info.request().prompt()).isEqualTo("caption en");
        assertThat(info.waited()).isBetween(Duration.ZERO, info.elapsed());
        assertThat(info.elapsed()).isEqualTo(info.elapsed());
    }

    @Test
    void nothingIsShownOfPromptAndAnswer() {
        GenerationResult result = pipeline.generate(request());
        assertThat(RECORDER.requests.get(0).toString())
                .doesNotContain("caption")
                .contains("SINGLE");
        assertThat(RECORDER.outcomes.get(0).toString())
                .doesNotContain(result.text())
                .contains("12 new tokens");
    }

    @Test
    void aStreamIsToldFromItsFirstPieceToItsLast() {
        try (AnswerStream answer = pipeline.stream(request())) {
            assertThat(RECORDER.events).isEmpty();
            answer.next();
            assertThat(RECORDER.events).containsExactly("0 queued", "0 started", "0 firstToken");
            answer.forEachRemaining(piece -> {});
        }
        assertWholeLife(Kind.STREAM, 1);
    }

    @Test
    void aStreamThatIsClosedEarlyIsGivenUp() {
        AnswerStream answer = pipeline.stream(request());
        answer.next();
        answer.close();
        answer.close();

        assertThat(RECORDER.events).endsWith("0 firstToken", "0 finished");
        assertThat(RECORDER.outcomes.get(0).failure()).get().isInstanceOf(RequestCancelledException.class);
        assertThat(RECORDER.outcomes.get(0).timings()).isEmpty();
        assertThat(RECORDER.outcomes.get(0))
                .hasToString("RequestOutcome[failed: " + RequestCancelledException.class.getName() + "]");
    }

    @Test
    void aStreamThatNeverBeginsIsNoRequest() {
        pipeline.stream(request()).close();
        assertThat(RECORDER.events).isEmpty();
    }

    @Test
    void eachRequestOfABatchEndsWithItsOwnAnswer() {
        GenerationRequest brief = request().toBuilder().maxNewTokens(1).build();
        List<GenerationResult> results = pipeline.generateAll(List.of(request(), brief, brief), 2);

        assertThat(RECORDER.events)
                .containsExactly(
                        "0 queued",
                        "1 queued",
                        "2 queued",
                        "0 started",
                        "0 firstToken",
                        "1 started",
                        "1 firstToken",
                        "1 finished",
                        "2 started",
                        "2 firstToken",
                        "2 finished",
                        "0 finished");
        assertThat(RECORDER.requests).extracting(RequestInfo::kind).containsOnly(Kind.BATCH);
        assertThat(RECORDER.requests).extracting(RequestInfo::id).isSorted().doesNotHaveDuplicates();
        assertThat(RECORDER.outcomes)
                .extracting(outcome -> outcome.results().get(0))
                .containsExactly(results.get(1), results.get(2), results.get(0));
    }

    @Test
    void aBatchThatFailsFailsForAllThatHaveNotEnded() {
        GenerationRequest brief = request().toBuilder().maxNewTokens(1).build();
        GenerationRequest tooLong =
                request().toBuilder().prompt("a!".repeat(50_000)).build();
        assertThatThrownBy(() -> pipeline.generateAll(List.of(brief, request(), tooLong, brief), 4))
                .isInstanceOf(RequestException.class);

        assertThat(RECORDER.events)
                .filteredOn(event -> event.endsWith("finished"))
                .containsExactly("0 finished", "1 finished", "2 finished", "3 finished");
        assertThat(RECORDER.events).contains("2 started").doesNotContain("3 started");
        assertThat(RECORDER.outcomes)
                .extracting(outcome -> outcome.failure().isPresent())
                .containsExactly(false, true, true, true);
    }

    @Test
    void otherKindsAreToldAsWell() {
        pipeline.generateSeveral(
                request().toBuilder().sampling(Sampling.temperature(1)).build(), 3);
        assertWholeLife(Kind.SAMPLES, 3);
        RECORDER.forget();
        pipeline.search(request(), BeamSearch.of(2));
        assertWholeLife(Kind.SEARCH, 2);
        RECORDER.forget();
        pipeline.score(request(), List.of("a", "b", "c"));
        assertWholeLife(Kind.SCORE, 3);
        RECORDER.forget();
        pipeline.compare(pipeline, request().images(), List.of("ocr"), 3);
        assertWholeLife(Kind.COMPARISON, 1);
        RECORDER.forget();
        pipeline.encode(request().images());
        assertThat(RECORDER.events).isEmpty();
    }

    @Test
    void aFutureIsToldInTheThreadOfItsExecutor() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try {
            Thread thread = executor.submit(Thread::currentThread).get();
            pipeline.generateAsync(request(), executor).get(30, TimeUnit.SECONDS);
            assertThat(RECORDER.events).hasSize(4);
            assertThat(RECORDER.threads).containsOnly(thread);
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void aRequestThatCannotBeServedFails() {
        GenerationRequest tooLong =
                request().toBuilder().prompt("a!".repeat(50_000)).build();
        assertThatThrownBy(() -> pipeline.generate(tooLong)).isInstanceOf(RequestException.class);
        assertThat(RECORDER.events).containsExactly("0 queued", "0 started", "0 finished");
        assertThat(RECORDER.outcomes.get(0).failure()).get().isInstanceOf(RequestException.class);
    }

    @Test
    void whatAListenerThrowsChangesNothing() {
        GenerationResult expected = pipeline.generate(request());
        for (RuntimeException failure : List.of(new IllegalStateException("mine"), new RequestException("mine"))) {
            RECORDER.forget();
            RECORDER.then = event -> {
                throw failure;
            };
            assertThat(pipeline.generate(request()).tokens()).isEqualTo(expected.tokens());
            assertThat(pipeline.generateAll(List.of(request()), 1).get(0).tokens())
                    .hasSize(12);
            try (AnswerStream answer = pipeline.stream(request())) {
                assertThat(answer.pieces()).hasSize(12);
            }
        }
        RECORDER.then = event -> {
            throw new AssertionError("mine");
        };
        assertThat(pipeline.generate(request()).tokens()).isEqualTo(expected.tokens());
        assertThat(PROBE.open()).isZero();
    }

    /** One runs, one waits; the third is one too many. */
    @Test
    void moreThanMayWaitAreRefusedAtOnce() throws Exception {
        ExecutorService executor = Executors.newCachedThreadPool();
        Probe.Gate gate = PROBE.stopInRun(1);
        try {
            Future<GenerationResult> running = executor.submit(() -> pipeline.generate(request()));
            gate.awaitArrival();
            CompletableFuture<GenerationResult> waiting = pipeline.generateAsync(request(), executor);
            while (RECORDER.threads.size() < 3) {
                Thread.onSpinWait();
            }
            Thread waiter = RECORDER.threads.get(RECORDER.threads.size() - 1);
            while (waiter.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
            assertThatThrownBy(() -> pipeline.generate(request()))
                    .isInstanceOfSatisfying(TooManyRequestsException.class, refused -> {
                        assertThat(refused.running()).isEqualTo(1);
                        assertThat(refused.waiting()).isEqualTo(1);
                    })
                    .hasMessageContainingAll("1 are running", "1 are waiting", "maxWaiting(...)");
            assertThatThrownBy(() -> pipeline.generateAll(List.of(request(), request()), 2))
                    .isInstanceOf(TooManyRequestsException.class);
            AnswerStream refused = pipeline.stream(request());
            assertThatThrownBy(refused::hasNext).isInstanceOf(TooManyRequestsException.class);
            assertThatThrownBy(refused::hasNext).isInstanceOf(RequestCancelledException.class);
            assertThat(RECORDER.outcomes)
                    .hasSize(4)
                    .allSatisfy(outcome ->
                            assertThat(outcome.failure()).get().isInstanceOf(TooManyRequestsException.class));

            gate.open();
            assertThat(running.get(30, TimeUnit.SECONDS).tokens()).hasSize(12);
            assertThat(waiting.get(30, TimeUnit.SECONDS).tokens()).hasSize(12);
            assertThat(pipeline.generate(request()).tokens()).hasSize(12);
            RequestInfo waited = RECORDER.requests.get(1);
            assertThat(waited.waited()).isPositive().isLessThan(waited.elapsed());
        } finally {
            PROBE.goOn();
            executor.shutdownNow();
        }
    }

    @Test
    void oneThatGaveUpMakesPlaceForAnother() throws Exception {
        ExecutorService executor = Executors.newCachedThreadPool();
        Probe.Gate gate = PROBE.stopInRun(1);
        try {
            Future<GenerationResult> running = executor.submit(() -> pipeline.generate(request()));
            gate.awaitArrival();
            GenerationRequest impatient =
                    request().toBuilder().timeout(Duration.ofMillis(1)).build();
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> pipeline.generate(impatient)).isInstanceOf(RequestCancelledException.class);
            }
            CompletableFuture<GenerationResult> waiting = pipeline.generateAsync(request(), executor);
            gate.open();
            assertThat(running.get(30, TimeUnit.SECONDS).tokens()).hasSize(12);
            assertThat(waiting.get(30, TimeUnit.SECONDS).tokens()).hasSize(12);
        } finally {
            PROBE.goOn();
            executor.shutdownNow();
        }
    }

    @Test
    void withoutAPlaceToWaitARequestRunsAtOnceOrNot() throws Exception {
        Probe probe = new Probe();
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try (PaliGemmaPipeline one = ProbedEngineProvider.load(
                GOLDEN, probe, builder -> builder.maxConcurrentRequests(1).maxWaiting(0))) {
            Probe.Gate gate = probe.stopInRun(1);
            Future<GenerationResult> running = executor.submit(() -> one.generate(request()));
            gate.awaitArrival();
            assertThatThrownBy(() -> one.generate(request()))
                    .isInstanceOf(TooManyRequestsException.class)
                    .hasMessageContaining("0 are waiting");
            gate.open();
            assertThat(running.get(30, TimeUnit.SECONDS).tokens()).hasSize(12);
            assertThat(one.generate(request()).tokens()).hasSize(12);
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        } finally {
            probe.goOn();
            executor.shutdownNow();
        }
    }

    @Test
    void partsAreCheckedWhereTheyAreSet() {
        assertThatThrownBy(() -> PaliGemmaPipeline.builder().maxWaiting(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got -1");
        assertThatThrownBy(() -> new RequestOutcome(
                        List.of(pipeline.generate(request())), java.util.Optional.of(new RuntimeException())))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
