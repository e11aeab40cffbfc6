package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestException;
import dev.paligemma.generation.TextPiece;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class AnswerPublisherTest {
    private static final Golden GOLDEN = Golden.of("pg2-gqa");
    private static final Probe PROBE = new Probe();
    private static PaliGemmaPipeline pipeline;
    private static GenerationResult expected;
    private static ExecutorService executor;

    @BeforeAll
    static void load() {
        pipeline = ProbedEngineProvider.load(GOLDEN, PROBE, 2);
        expected = pipeline.generate(request());
        executor = Executors.newFixedThreadPool(4);
    }

    @AfterAll
    static void close() {
        executor.shutdownNow();
        pipeline.close();
    }

    @AfterEach
    void bothPlacesAreFree() {
        PROBE.goOn();
        try (AnswerStream one = pipeline.stream(request());
                AnswerStream two = pipeline.stream(request())) {
            one.next();
            two.next();
            assertThat(PROBE.open()).isEqualTo(2);
        }
    }

    /** An answer of twelve tokens that ends by its length. */
    private static GenerationRequest request() {
        return GOLDEN.requests().get(0).toGenerationRequest();
    }

    /** Notes what it is told; asks for nothing by itself. */
    private static class Notes implements Flow.Subscriber<TextPiece> {
        final BlockingQueue<Object> signals = new LinkedBlockingQueue<>();
        final AtomicInteger inside = new AtomicInteger();
        volatile boolean overlapped;
        volatile Flow.@Nullable Subscription subscription;

        @Override
        public void onSubscribe(Flow.Subscription newSubscription) {
            subscription = newSubscription;
        }

        @Override
        public void onNext(TextPiece piece) {
            signal(piece);
        }

        @Override
        public void onError(Throwable failure) {
            signal(failure);
        }

        @Override
        public void onComplete() {
            signal("complete");
        }

        private void signal(Object signal) {
            if (inside.incrementAndGet() > 1) {
                overlapped = true;
            }
            signals.add(signal);
            during();
            inside.decrementAndGet();
        }

        /** Called within every signal but the first. */
        void during() {}

        void request(long count) {
            Objects.requireNonNull(subscription).request(count);
        }

        void cancel() {
            Objects.requireNonNull(subscription).cancel();
        }

        Object take() throws InterruptedException {
            return Objects.requireNonNull(signals.poll(30, TimeUnit.SECONDS), "no signal came");
        }

        List<Object> take(int count) throws InterruptedException {
            List<Object> taken = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                taken.add(take());
            }
            return taken;
        }

        /** Lets tasks that are still queued run, then looks whether there was another signal. */
        void assertNoMore() throws InterruptedException {
            Thread.sleep(100);
            assertThat(signals).isEmpty();
            assertThat(overlapped).isFalse();
        }
    }

    private static <T extends Notes> T subscribe(GenerationRequest request, T notes) {
        pipeline.publisher(request, executor).subscribe(notes);
        return notes;
    }

    private static List<GeneratedToken> tokens(List<Object> pieces) {
        Stream<TextPiece> all = pieces.stream().map(TextPiece.class::cast);
        return all.map(piece -> piece.token().orElseThrow()).toList();
    }

    @Test
    void givesAsManyPiecesAsWereAskedFor() throws InterruptedException {
        int before = PROBE.runs();
        Notes notes = subscribe(request(), new Notes());
        notes.assertNoMore();
        assertThat(PROBE.runs()).as("without demand nothing runs").isEqualTo(before);

        notes.request(2);
        List<Object> pieces = notes.take(2);
        notes.assertNoMore();
        assertThat(PROBE.runs() - before).isEqualTo(2);

        notes.request(1);
        notes.request(3);
        pieces.addAll(notes.take(4));
        notes.assertNoMore();
        assertThat(PROBE.runs() - before).isEqualTo(6);

        notes.request(Long.MAX_VALUE);
        notes.request(Long.MAX_VALUE);
        pieces.addAll(notes.take(6));
        assertThat(tokens(pieces)).isEqualTo(expected.tokens());
        assertThat(notes.take()).isEqualTo("complete");
        notes.assertNoMore();
        notes.request(1);
        notes.cancel();
        notes.assertNoMore();
    }

    @Test
    void completesWithTheLastPieceThatWasAskedFor() throws InterruptedException {
        Notes notes = subscribe(request(), new Notes());
        notes.request(12);
        assertThat(tokens(notes.take(12))).isEqualTo(expected.tokens());
        assertThat(notes.take()).isEqualTo("complete");
        notes.assertNoMore();
    }

    @Test
    void demandMayComeFromWithinASignal() throws InterruptedException {
        Notes notes = subscribe(request(), new Notes() {
            @Override
            void during() {
                request(1);
            }
        });
        notes.request(1);
        assertThat(tokens(notes.take(12))).isEqualTo(expected.tokens());
        assertThat(notes.take()).isEqualTo("complete");
        notes.assertNoMore();
    }

    @Test
    void theThreadOfTheSubscriberMayDoAllTheWork() throws InterruptedException {
        Notes notes = new Notes() {
            @Override
            public void onSubscribe(Flow.Subscription newSubscription) {
                super.onSubscribe(newSubscription);
                newSubscription.request(1);
            }

            @Override
            void during() {
                request(1);
            }
        };
        pipeline.publisher(request(), Runnable::run).subscribe(notes);
        assertThat(notes.signals).hasSize(13);
        assertThat(tokens(notes.take(12))).isEqualTo(expected.tokens());
        notes.take();
        notes.assertNoMore();
    }

    @Test
    void everySubscriberHasAnAnswerOfItsOwn() throws InterruptedException {
        Flow.Publisher<TextPiece> publisher = pipeline.publisher(request(), executor);
        Notes one = new Notes();
        Notes two = new Notes();
        publisher.subscribe(one);
        publisher.subscribe(two);
        one.request(3);
        List<Object> pieces = one.take(3);
        two.request(100);
        assertThat(tokens(two.take(12))).isEqualTo(expected.tokens());
        assertThat(two.take()).isEqualTo("complete");
        one.request(100);
        pieces.addAll(one.take(9));
        assertThat(tokens(pieces)).isEqualTo(expected.tokens());
        assertThat(one.take()).isEqualTo("complete");
    }

    @Test
    void cancellingStops() throws InterruptedException {
        Notes notes = subscribe(request(), new Notes());
        notes.request(3);
        notes.take(3);
        int before = PROBE.runs();
        notes.cancel();
        notes.cancel();
        notes.request(5);
        notes.request(-1);
        notes.assertNoMore();
        assertThat(PROBE.runs()).isEqualTo(before);
        assertThat(PROBE.open()).isZero();
    }

    @Test
    void cancellingStopsWhatIsRunningWithoutWaitingForIt() throws InterruptedException {
        Notes notes = subscribe(request(), new Notes());
        Probe.Gate gate = PROBE.stopInRun(3);
        int before = PROBE.runs();
        notes.request(100);
        gate.awaitArrival();
        Thread canceller = new Thread(notes::cancel);
        canceller.setDaemon(true);
        canceller.start();
        canceller.join(30_000);
        assertThat(canceller.isAlive()).as("cancel waits for the network").isFalse();
        gate.open();
        notes.take(2);
        notes.assertNoMore();
        assertThat(PROBE.runs() - before).isEqualTo(3);
    }

    @Test
    void aSubscriberMayCancelWithinASignal() throws InterruptedException {
        Notes notes = subscribe(request(), new Notes() {
            @Override
            void during() {
                cancel();
            }
        });
        notes.request(100);
        notes.take();
        notes.assertNoMore();
    }

    @Test
    void aFailureIsSignalledOnce() throws InterruptedException {
        Notes notes =
                subscribe(request().toBuilder().prompt("a!".repeat(50_000)).build(), new Notes());
        notes.request(2);
        assertThat(notes.take()).isInstanceOf(RequestException.class);
        notes.request(2);
        notes.request(0);
        notes.assertNoMore();
    }

    @Test
    void demandBelowOneIsAnError() throws InterruptedException {
        for (long count : new long[] {0, -1, Long.MIN_VALUE}) {
            Notes notes = subscribe(request(), new Notes());
            notes.request(1);
            notes.take();
            notes.request(count);
            assertThat(notes.take())
                    .isInstanceOf(IllegalArgumentException.class)
                    .asString()
                    .contains("got " + count);
            notes.request(0);
            notes.request(1);
            notes.assertNoMore();
        }
    }

    @Test
    void signalsNeverOverlapEvenWhenDemandIsWrong() throws InterruptedException {
        CountDownLatch inSignal = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        Notes notes = subscribe(request(), new Notes() {
            @Override
            void during() {
                inSignal.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        });
        notes.request(100);
        assertThat(inSignal.await(30, TimeUnit.SECONDS)).isTrue();
        Thread wrong = new Thread(() -> {
            notes.request(0);
            notes.request(0);
        });
        wrong.start();
        wrong.join(200);
        goOn.countDown();
        wrong.join(30_000);

        assertThat(notes.take()).isInstanceOf(TextPiece.class);
        assertThat(notes.take()).isInstanceOf(IllegalArgumentException.class);
        notes.assertNoMore();
    }

    @Test
    void manyThreadsMayAskAtOnce() throws InterruptedException {
        Notes notes = subscribe(request(), new Notes());
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Thread thread = new Thread(() -> {
                notes.request(1);
                notes.request(1);
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join(30_000);
        }
        assertThat(tokens(notes.take(12))).isEqualTo(expected.tokens());
        assertThat(notes.take()).isEqualTo("complete");
        notes.assertNoMore();
    }

    @Test
    void anExecutorThatRefusesIsAnError() throws InterruptedException {
        RejectedExecutionException refusal = new RejectedExecutionException("full");
        Notes notes = new Notes();
        pipeline.publisher(request(), task -> {
                    throw refusal;
                })
                .subscribe(notes);
        notes.request(1);
        assertThat(notes.take()).isSameAs(refusal);
        notes.request(1);
        notes.assertNoMore();
    }

    @Test
    void aSubscriberThatFailsFreesThePlace() throws InterruptedException {
        for (Throwable failure : List.of(new IllegalStateException("subscriber"), new AssertionError("subscriber"))) {
            CountDownLatch failed = new CountDownLatch(1);
            Notes notes = new Notes() {
                @Override
                public void onNext(TextPiece piece) {
                    failed.countDown();
                    if (failure instanceof Error error) {
                        throw error;
                    }
                    throw (RuntimeException) failure;
                }
            };
            ExecutorService quiet = Executors.newSingleThreadExecutor(task -> {
                Thread thread = new Thread(task);
                thread.setUncaughtExceptionHandler((t, e) -> {});
                return thread;
            });
            try {
                pipeline.publisher(request(), quiet).subscribe(notes);
                notes.request(5);
                assertThat(failed.await(30, TimeUnit.SECONDS)).isTrue();
            } finally {
                quiet.shutdown();
            }
            assertThat(quiet.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
            assertThat(PROBE.open()).isZero();
        }
    }

    @Test
    void thereMustBeASubscriber() {
        Flow.Publisher<TextPiece> publisher = pipeline.publisher(request(), executor);
        assertThatThrownBy(() -> publisher.subscribe(nobody())).isInstanceOf(NullPointerException.class);
    }

    @SuppressWarnings("NullAway")
    private static Flow.Subscriber<TextPiece> nobody() {
        return null;
    }
}
