package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.engine.contract.ContractLedger;
import dev.paligemma.engine.contract.TestedEngine;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.Sampling;
import dev.paligemma.vision.RgbImage;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests that are given up stop within a run of the network and leave nothing behind. */
@ExtendWith(ContractLedger.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
public abstract class CancellationContract {
    private final Golden golden = Golden.of("pg2-gqa");
    private final Probe probe = new Probe();
    private PaliGemmaPipeline pipeline;
    private GenerationResult expected;

    @BeforeAll
    void load() {
        pipeline = ProbedEngineProvider.load(TestedEngine.of(getClass()), golden, probe, 1);
        expected = pipeline.generate(request());
    }

    @AfterAll
    void close() {
        pipeline.close();
    }

    @AfterEach
    void thePipelineIsAsGoodAsBefore() {
        probe.goOn();
        assertThat(probe.open()).isZero();
        Golden.assertSame(pipeline.generate(request()).tokens(), expected.tokens());
    }

    private GenerationRequest request() {
        return golden.requests().get(0).toGenerationRequest();
    }

    /** A request that goes on until somebody stops it. */
    private GenerationRequest endless() {
        return request().toBuilder()
                .maxNewTokens(1_000_000)
                .stopTokenIds(Set.of(Integer.MAX_VALUE))
                .build();
    }

    /** Something done in a thread of its own, and how it ended. */
    private static final class Attempt {
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        private final Thread thread;
        private volatile boolean interrupted;

        Attempt(Runnable work) {
            thread = new Thread(() -> {
                try {
                    work.run();
                } catch (RuntimeException | Error e) {
                    failure.set(e);
                } finally {
                    interrupted = Thread.currentThread().isInterrupted();
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        void interrupt() {
            thread.interrupt();
        }

        /** Waits until the thread waits for something. */
        void awaitWaiting() throws InterruptedException {
            while (thread.getState() != Thread.State.BLOCKED
                    && thread.getState() != Thread.State.WAITING
                    && thread.getState() != Thread.State.TIMED_WAITING) {
                assertThat(thread.isAlive()).isTrue();
                Thread.sleep(1);
            }
        }

        @Nullable
        Throwable failure() throws InterruptedException {
            thread.join(30_000);
            assertThat(thread.isAlive()).as("the attempt goes on").isFalse();
            return failure.get();
        }

        boolean interrupted() {
            return interrupted;
        }
    }

    @Test
    void aStreamCanBeClosedAfterSomePieces() {
        int before = probe.runs();
        AnswerStream answer = pipeline.stream(endless());
        for (int i = 0; i < 3; i++) {
            answer.next();
        }
        answer.close();
        assertThat(probe.open()).isZero();
        assertThatThrownBy(answer::hasNext)
                .isInstanceOf(RequestCancelledException.class)
                .hasMessageContaining("closed");
        assertThat(probe.runs() - before).isEqualTo(3);
    }

    @Test
    void aStreamCanBeClosedByAnotherThreadWhileItRuns() throws InterruptedException {
        AnswerStream answer = pipeline.stream(endless());
        Probe.Gate gate = probe.stopInRun(4);
        int before = probe.runs();
        Attempt reader = new Attempt(() -> answer.forEachRemaining(piece -> {}));
        gate.awaitArrival();
        Attempt closer = new Attempt(answer::close);
        closer.awaitWaiting();
        gate.open();

        assertThat(reader.failure()).isInstanceOf(RequestCancelledException.class);
        assertThat(closer.failure()).isNull();
        assertThat(probe.runs() - before)
                .as("nothing runs after the step that was running")
                .isEqualTo(4);
    }

    @ParameterizedTest
    @MethodSource("requests")
    void anInterruptEndsEveryKindOfRequest(Consumer<PaliGemmaPipeline> work) throws InterruptedException {
        Probe.Gate gate = probe.stopInRun(3);
        int before = probe.runs();
        Attempt attempt = new Attempt(() -> work.accept(pipeline));
        gate.awaitArrival();
        attempt.interrupt();
        gate.open();

        assertThat(attempt.failure())
                .isInstanceOf(RequestCancelledException.class)
                .hasMessageContaining("interrupted");
        assertThat(attempt.interrupted()).isTrue();
        assertThat(probe.runs() - before).isEqualTo(3);
    }

    Stream<Named<Consumer<PaliGemmaPipeline>>> requests() {
        GenerationRequest random =
                endless().toBuilder().sampling(Sampling.temperature(1)).build();
        return Stream.of(
                Named.of("generate", one -> one.generate(endless())),
                Named.of("stream", one -> one.stream(endless()).forEachRemaining(piece -> {})),
                Named.of("generateAll", one -> one.generateAll(List.of(endless(), endless()), 2)),
                Named.of("generateSeveral", one -> one.generateSeveral(random, 3)),
                Named.of("search", one -> one.search(endless(), BeamSearch.unnormalised(2))),
                Named.of("score", one -> one.score(request(), List.of("a", "what is this? a cat", ""))));
    }

    @Test
    void anInterruptEndsARequestBetweenTwoOfItsImages() throws InterruptedException {
        RgbImage image = request().images().get(0);
        List<RgbImage> images = List.of(image, image, image);
        for (Consumer<PaliGemmaPipeline> work : List.<Consumer<PaliGemmaPipeline>>of(
                one -> one.generate(request().toBuilder().images(images).build()), one -> one.encode(images))) {
            Probe.Gate gate = probe.stopInEncoding(2);
            int before = probe.encodings();
            Attempt attempt = new Attempt(() -> work.accept(pipeline));
            gate.awaitArrival();
            attempt.interrupt();
            gate.open();

            assertThat(attempt.failure())
                    .isInstanceOf(RequestCancelledException.class)
                    .hasMessageContaining("after 2 of 3 images");
            assertThat(probe.encodings() - before).isEqualTo(2);
        }
    }

    @Test
    void anInterruptedThreadBeginsNothing() throws InterruptedException {
        int before = probe.runs();
        Attempt attempt = new Attempt(() -> {
            Thread.currentThread().interrupt();
            pipeline.generate(request());
        });
        assertThat(attempt.failure()).isInstanceOf(RequestCancelledException.class);
        assertThat(attempt.interrupted()).isTrue();
        assertThat(probe.runs()).isEqualTo(before);
    }

    @Test
    void aRequestWithoutTimeIsNotBegun() {
        int before = probe.runs();
        GenerationRequest noTime =
                request().toBuilder().timeout(Duration.ofNanos(1)).build();
        for (Runnable attempt : List.<Runnable>of(
                () -> pipeline.generate(noTime),
                () -> pipeline.generateAll(List.of(request(), noTime), 1),
                () -> pipeline.search(noTime, BeamSearch.of(2)),
                () -> pipeline.score(noTime, List.of("a", "b")),
                () -> pipeline.stream(noTime).next())) {
            assertThatThrownBy(attempt::run)
                    .isInstanceOf(RequestCancelledException.class)
                    .hasMessageContaining("limit of");
        }
        assertThat(probe.runs()).isEqualTo(before);
    }

    @Test
    void theTimeEndsARequestBetweenTwoRuns() throws InterruptedException {
        Duration limit = Duration.ofMillis(300);
        Probe.Gate gate = probe.stopInRun(2);
        int before = probe.runs();
        Attempt attempt = new Attempt(
                () -> pipeline.generate(endless().toBuilder().timeout(limit).build()));
        Thread.sleep(limit.toMillis() + 50);
        gate.open();

        assertThat(attempt.failure())
                .isInstanceOf(RequestCancelledException.class)
                .hasMessageContaining("limit of 300 ms");
        assertThat(probe.runs() - before).isLessThanOrEqualTo(2);
    }

    @Test
    void enoughTimeChangesNothing() {
        GenerationRequest patient = request().toBuilder()
                .timeout(Duration.ofSeconds(Long.MAX_VALUE))
                .build();
        Golden.assertSame(pipeline.generate(patient).tokens(), expected.tokens());
    }

    @Test
    void cancellingAFutureStopsItsRequest() throws Exception {
        stopsInTheThirdRun(future -> assertThat(future.cancel(false)).isTrue());
    }

    @Test
    void aFutureThatIsCompletedOtherwiseStopsItsRequest() throws Exception {
        stopsInTheThirdRun(future ->
                assertThat(future.completeExceptionally(new TimeoutException())).isTrue());
    }

    private void stopsInTheThirdRun(Consumer<CompletableFuture<GenerationResult>> end) throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try {
            Probe.Gate gate = probe.stopInRun(3);
            int before = probe.runs();
            CompletableFuture<GenerationResult> future = pipeline.generateAsync(endless(), executor);
            gate.awaitArrival();
            end.accept(future);
            gate.open();

            // The one thread is free again.
            assertThat(executor.submit(probe::open).get(30, TimeUnit.SECONDS)).isZero();
            assertThat(probe.runs() - before).isEqualTo(3);
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void aFutureGivesWhatGenerateGives() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try {
            Golden.assertSame(
                    pipeline.generateAsync(request(), executor)
                            .get(30, TimeUnit.SECONDS)
                            .tokens(),
                    expected.tokens());
            GenerationRequest wrong =
                    request().toBuilder().prompt("<image><image>").build();
            assertThatThrownBy(() -> pipeline.generateAsync(wrong, executor).get(30, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(IllegalArgumentException.class);
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void aRequestThatWaitsForItsTurnCanBeInterrupted() throws InterruptedException {
        try (AnswerStream holder = pipeline.stream(request())) {
            holder.next();
            Attempt waiting = new Attempt(() -> pipeline.generate(request()));
            waiting.awaitWaiting();
            waiting.interrupt();
            assertThat(waiting.failure())
                    .isInstanceOf(RequestCancelledException.class)
                    .hasMessageContaining("turn");
            assertThat(waiting.interrupted()).isTrue();
            holder.forEachRemaining(piece -> {});
            Golden.assertSame(holder.result().tokens(), expected.tokens());
        }
    }

    @Test
    void theTimeOfARequestThatWaitsForItsTurnRunsOut() {
        GenerationRequest hasty =
                request().toBuilder().timeout(Duration.ofMillis(30)).build();
        try (AnswerStream holder = pipeline.stream(request())) {
            holder.next();
            for (Runnable attempt : List.<Runnable>of(
                    () -> pipeline.generate(hasty),
                    () -> pipeline.generateAll(List.of(request(), hasty), 2),
                    () -> pipeline.stream(hasty).next())) {
                assertThatThrownBy(attempt::run)
                        .isInstanceOf(RequestCancelledException.class)
                        .hasMessageContaining("turn");
            }
        }
    }

    @Test
    void aFutureThatWaitsForItsTurnCanBeCancelled() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try (AnswerStream holder = pipeline.stream(request())) {
            holder.next();
            CompletableFuture<GenerationResult> future = pipeline.generateAsync(request(), executor);
            future.cancel(true);
            assertThat(executor.submit(() -> true).get(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void aStreamThatWaitsForItsTurnCanBeClosed() throws InterruptedException {
        AnswerStream waiting = pipeline.stream(request());
        try (AnswerStream holder = pipeline.stream(request())) {
            holder.next();
            Attempt reader = new Attempt(waiting::next);
            reader.awaitWaiting();
            waiting.close();
            assertThat(reader.failure()).isInstanceOf(RequestCancelledException.class);
        }
    }

    @Test
    void requestsThatWaitAreServedWhenTheirTurnComes() throws InterruptedException {
        Attempt waiting;
        AtomicReference<@Nullable GenerationResult> result = new AtomicReference<>();
        try (AnswerStream holder = pipeline.stream(endless())) {
            holder.next();
            waiting = new Attempt(() -> result.set(pipeline.generate(request())));
            waiting.awaitWaiting();
        }
        assertThat(waiting.failure()).isNull();
        assertThat(result.get()).isNotNull();
    }

    @Test
    void closingThePipelineEndsAStream() {
        Probe own = new Probe();
        PaliGemmaPipeline closing = ProbedEngineProvider.load(TestedEngine.of(getClass()), golden, own, 1);
        AnswerStream answer = closing.stream(endless());
        answer.next();
        closing.close();
        assertThatThrownBy(answer::next)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThat(own.open()).isZero();
        answer.close();
        assertThatThrownBy(() -> closing.stream(request()).hasNext()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closingThePipelineEndsRequestsThatWaitForAStreamNobodyReads() throws InterruptedException {
        Probe own = new Probe();
        PaliGemmaPipeline closing = ProbedEngineProvider.load(TestedEngine.of(getClass()), golden, own, 1);
        AnswerStream abandoned = closing.stream(request());
        abandoned.next();
        Attempt waiting = new Attempt(() -> closing.generate(request()));
        waiting.awaitWaiting();
        closing.close();

        assertThat(waiting.failure()).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
        assertThatThrownBy(() -> closing.generate(
                        request().toBuilder().timeout(Duration.ofSeconds(20)).build()))
                .isInstanceOf(IllegalStateException.class);
        abandoned.close();
        assertThat(own.open()).isZero();
    }
}
