package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.engine.EngineException;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.RequestException;
import dev.paligemma.generation.Sampling;
import dev.paligemma.generation.TextPiece;
import dev.paligemma.generation.TooManyRequestsException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class BatchingRunnerTest {
    private static final Golden GOLDEN = Golden.of("pg2-gqa");
    private static final Probe PROBE = new Probe();
    private static final ExecutorService THREADS = Executors.newCachedThreadPool();
    private static PaliGemmaPipeline pipeline;

    @BeforeAll
    static void load() {
        pipeline = ProbedEngineProvider.load(
                GOLDEN, PROBE, builder -> builder.maxConcurrentRequests(1).maxWaiting(2));
    }

    @AfterAll
    static void close() {
        pipeline.close();
        THREADS.shutdown();
    }

    @AfterEach
    void nothingIsLeftOpen() {
        PROBE.goOn();
        assertThat(PROBE.open()).isZero();
        pipeline.generate(request());
    }

    private static GenerationRequest request() {
        return GOLDEN.requests().get(0).toGenerationRequest();
    }

    private static GenerationRequest endless() {
        return request().toBuilder()
                .maxNewTokens(1_000_000)
                .stopTokenIds(Set.of(Integer.MAX_VALUE))
                .build();
    }

    private static Future<GenerationResult> begin(BatchingRunner runner, GenerationRequest request) {
        return THREADS.submit(() -> runner.generate(request));
    }

    private static void assertFails(Future<?> future, Class<? extends Throwable> kind) {
        assertThatThrownBy(() -> future.get(60, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(kind);
    }

    /** Waits until so many requests are in the queue, where they are soon after they were begun. */
    private static void awaitWaiting(BatchingRunner runner, int waiting) {
        while (runner.waiting() < waiting) {
            Thread.onSpinWait();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8})
    void answersAreThoseOfSingleRequests(int together) throws Exception {
        Golden golden = Golden.of("pg2-two-images");
        try (PaliGemmaPipeline one = PaliGemmaPipeline.load(golden.folder());
                BatchingRunner runner = one.batching(together, THREADS)) {
            List<GenerationRequest> requests = BatchTest.mixed(golden, one.constraints());
            List<Future<GenerationResult>> results = new ArrayList<>();
            for (int i = 0; i < requests.size(); i++) {
                GenerationRequest request = requests.get(i);
                boolean asStream = i % 2 == 1;
                results.add(THREADS.submit(() -> asStream ? streamed(runner, request) : runner.generate(request)));
            }
            for (int i = 0; i < requests.size(); i++) {
                BatchTest.assertSame(results.get(i).get(60, TimeUnit.SECONDS), one.generate(requests.get(i)));
            }
        }
    }

    private static GenerationResult streamed(BatchingRunner runner, GenerationRequest request) {
        try (AnswerStream stream = runner.stream(request)) {
            String text = stream.pieces().map(TextPiece::text).collect(Collectors.joining());
            assertThat(text).isEqualTo(stream.result().text());
            return stream.result();
        }
    }

    @Test
    void aRequestJoinsThoseThatAreWritten() throws Exception {
        try (BatchingRunner runner = pipeline.batching(2, THREADS)) {
            int before = PROBE.runs();
            Probe.Gate third = PROBE.stopInRun(3);
            Future<GenerationResult> first = begin(runner, request());
            third.awaitArrival();
            AnswerStream second = runner.stream(request());
            Future<Boolean> asked = THREADS.submit(second::hasNext);
            Future<GenerationResult> waits = begin(runner, request());
            Future<GenerationResult> waitsToo = begin(runner, request());
            awaitWaiting(runner, 3);
            third.open();

            assertThat(asked.get()).isTrue();
            second.forEachRemaining(piece -> {});
            assertThat(second.result().tokenIds()).isEqualTo(first.get().tokenIds());
            assertThat(waits.get().tokenIds()).isEqualTo(first.get().tokenIds());
            assertThat(waitsToo.get().tokenIds()).isEqualTo(first.get().tokenIds());
            assertThat(PROBE.runs() - before)
                    .as("four prompts of 12 runs each, two side by side")
                    .isLessThan(40);
        }
    }

    @Test
    void whatFailsLeavesTheOthersAlone() throws Exception {
        GenerationRequest unruly = request().toBuilder()
                .constraint(() -> {
                    throw new UnsupportedOperationException("out of order");
                })
                .build();
        GenerationRequest tooLong =
                request().toBuilder().prompt("a!".repeat(50_000)).build();
        GenerationRequest hasty =
                endless().toBuilder().timeout(Duration.ofMillis(50)).build();
        int[] expected = pipeline.generate(request()).tokenIds();
        try (BatchingRunner runner = pipeline.batching(8, THREADS)) {
            Future<GenerationResult> good = begin(runner, request());
            Future<GenerationResult> failing = begin(runner, unruly);
            Future<GenerationResult> long1 = begin(runner, tooLong);
            Future<GenerationResult> late = begin(runner, hasty);
            AnswerStream left = runner.stream(endless());
            left.next();
            left.close();
            Future<GenerationResult> last = begin(runner, request());

            assertFails(failing, UnsupportedOperationException.class);
            assertFails(long1, RequestException.class);
            assertFails(late, RequestCancelledException.class);
            assertThatThrownBy(left::hasNext).isInstanceOf(RequestCancelledException.class);
            assertThat(good.get().tokenIds()).isEqualTo(expected);
            assertThat(last.get().tokenIds()).isEqualTo(expected);
        }
    }

    @Test
    void aClosedStreamMakesRoomWithinOneToken() throws Exception {
        try (BatchingRunner runner = pipeline.batching(1, THREADS)) {
            AnswerStream stream = runner.stream(endless());
            stream.next();
            stream.close();
            int before = PROBE.runs();
            runner.generate(request());
            assertThat(PROBE.runs() - before)
                    .as("12 of its own, at most 2 before")
                    .isLessThanOrEqualTo(14);
        }
    }

    @Test
    void onlySoManyMayWait() throws Exception {
        try (BatchingRunner runner = pipeline.batching(1, THREADS)) {
            Probe.Gate gate = PROBE.stopInRun(2);
            Future<GenerationResult> running = begin(runner, request());
            gate.awaitArrival();
            Future<GenerationResult> one = begin(runner, request());
            Future<GenerationResult> two = begin(runner, request());
            awaitWaiting(runner, 2);
            assertThatThrownBy(() -> runner.generate(request()))
                    .isInstanceOfSatisfying(TooManyRequestsException.class, e -> {
                        assertThat(e.running()).isEqualTo(1);
                        assertThat(e.waiting()).isEqualTo(2);
                    });
            gate.open();
            assertThat(List.of(running.get(), one.get(), two.get()))
                    .extracting(GenerationResult::text)
                    .containsOnly(running.get().text());
        }
    }

    @Test
    void aBatchHasItsTurnBesideRequestsThatNeverCease() throws Exception {
        try (BatchingRunner runner = pipeline.batching(2, THREADS)) {
            AtomicReference<Boolean> stop = new AtomicReference<>(false);
            List<Future<?>> busy = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                busy.add(THREADS.submit(() -> {
                    while (!stop.get()) {
                        runner.generate(request());
                    }
                }));
            }
            assertThat(runner.generateAll(List.of(request(), request()), 2)).hasSize(2);
            assertThat(runner.score(request(), List.of("a cat", "a dog"))).hasSize(2);
            stop.set(true);
            for (Future<?> each : busy) {
                each.get(60, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void closingFailsWhatHasNotEnded() throws Exception {
        BatchingRunner runner = pipeline.batching(1, THREADS);
        AnswerStream open = runner.stream(endless());
        open.next();
        Future<GenerationResult> waiting = begin(runner, request());
        Future<GenerationResult> waits = begin(runner, request());
        awaitWaiting(runner, 2);
        runner.close();
        assertThat(PROBE.open()).as("close has waited").isZero();
        assertFails(waiting, IllegalStateException.class);
        assertFails(waits, IllegalStateException.class);
        assertThatThrownBy(() -> open.forEachRemaining(piece -> {})).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> runner.generate(request())).isInstanceOf(IllegalStateException.class);
        runner.close();
    }

    @Test
    void anExecutorThatTakesNoTaskFailsTheRequest() {
        List<Runnable> taken = new ArrayList<>();
        AtomicReference<Boolean> refuses = new AtomicReference<>(true);
        try (BatchingRunner runner = pipeline.batching(2, task -> {
            if (refuses.get()) {
                throw new RejectedExecutionException("full");
            }
            taken.add(task);
            task.run();
        })) {
            assertThatThrownBy(() -> runner.generate(request())).isInstanceOf(RejectedExecutionException.class);
            refuses.set(false);
            assertThat(runner.generate(request()).text())
                    .as("in the thread of the caller")
                    .isNotEmpty();
            assertThat(taken).hasSize(1);
        }
    }

    @Test
    void anInterruptOfTheCallerGivesItsRequestUp() throws Exception {
        try (BatchingRunner runner = pipeline.batching(2, THREADS)) {
            Probe.Gate gate = PROBE.stopInRun(3);
            CompletableFuture<Throwable> failure = new CompletableFuture<>();
            Thread caller = new Thread(() -> {
                try {
                    runner.generate(endless());
                } catch (RuntimeException e) {
                    failure.complete(e);
                }
            });
            caller.start();
            gate.awaitArrival();
            caller.interrupt();
            assertThat(failure.get(30, TimeUnit.SECONDS)).isInstanceOf(RequestCancelledException.class);
            gate.open();
            assertThat(runner.generate(request()).text()).isNotEmpty();
        }
    }

    @Test
    void aPipelineThatIsClosedFailsWhatIsOpen() {
        PaliGemmaPipeline closing = PaliGemmaPipeline.load(GOLDEN.folder());
        try (BatchingRunner runner = closing.batching(2, THREADS)) {
            AnswerStream open = runner.stream(endless());
            open.next();
            closing.close();
            assertThatThrownBy(() -> open.forEachRemaining(piece -> {}))
                    .isInstanceOfAny(IllegalStateException.class, EngineException.class);
            assertThatThrownBy(() -> runner.generate(request())).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void adaptersTakeTurns() throws Exception {
        AdapterGolden one = AdapterGolden.of("all-linear");
        AdapterGolden other = AdapterGolden.of("rslora");
        assertThat(other.base().folder()).isEqualTo(one.base().folder());
        try (PaliGemmaPipeline adapted = PaliGemmaPipeline.builder()
                        .checkpoint(one.base().folder())
                        .adapter("one", one.folder())
                        .adapter("other", other.folder())
                        .build();
                BatchingRunner runner = adapted.batching(4, THREADS)) {
            List<GenerationRequest> requests = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                GenerationRequest.Builder request = one.requests().get(0).toGenerationRequest().toBuilder();
                requests.add((i % 3 == 0 ? request : request.adapter(i % 3 == 1 ? "one" : "other")).build());
            }
            List<Future<GenerationResult>> results =
                    requests.stream().map(request -> begin(runner, request)).toList();
            for (int i = 0; i < requests.size(); i++) {
                BatchTest.assertSame(results.get(i).get(), adapted.generate(requests.get(i)));
            }
            assertThat(runner.withAdapter("one").generate(requests.get(0)).tokenIds())
                    .isEqualTo(adapted.generate(requests.get(1)).tokenIds());
        }
    }

    @Test
    void manyThreadsThatComeAndGoLeaveNothingBehind() throws Exception {
        int[] expected = pipeline.generate(request()).tokenIds();
        try (BatchingRunner runner = pipeline.batching(3, THREADS)) {
            List<Future<?>> threads = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                Random random = new Random(i);
                threads.add(THREADS.submit(() -> {
                    for (int round = 0; round < 40; round++) {
                        comeAndGo(runner, random, expected);
                    }
                }));
            }
            for (Future<?> each : threads) {
                each.get(100, TimeUnit.SECONDS);
            }
        }
    }

    private static void comeAndGo(BatchingRunner runner, Random random, int[] expected) {
        try {
            switch (random.nextInt(4)) {
                case 0 -> assertThat(runner.generate(request()).tokenIds()).isEqualTo(expected);
                case 1 ->
                    runner.generate(endless().toBuilder()
                            .timeout(Duration.ofMillis(1 + random.nextInt(20)))
                            .build());
                case 2 ->
                    runner.generate(request().toBuilder()
                            .sampling(Sampling.temperature(1).seed(random.nextInt()))
                            .build());
                default -> {
                    try (AnswerStream stream = runner.stream(endless())) {
                        for (int i = random.nextInt(6); i > 0; i--) {
                            stream.next();
                        }
                    }
                }
            }
        } catch (RequestCancelledException | TooManyRequestsException e) {
            // As asked for, or because all others wait.
        }
    }
}
