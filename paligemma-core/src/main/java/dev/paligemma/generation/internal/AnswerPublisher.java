package dev.paligemma.generation.internal;

import dev.paligemma.generation.TextPiece;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Pieces of an answer, written as fast as a subscriber asks for them. Every subscriber gets an answer of its own. Immutable
 * and thread-safe.
 */
public final class AnswerPublisher implements Flow.Publisher<TextPiece> {
    private final Supplier<LiveAnswer> answers;
    private final Executor executor;

    public AnswerPublisher(Supplier<LiveAnswer> answers, Executor executor) {
        this.answers = answers;
        this.executor = executor;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super TextPiece> subscriber) {
        Objects.requireNonNull(subscriber, "subscriber");
        subscriber.onSubscribe(new Subscription(answers.get(), subscriber, executor));
    }

    /** One answer for one subscriber. Signals are given one after the other, from threads of the executor. */
    private static final class Subscription implements Flow.Subscription {
        private final LiveAnswer answer;
        private final Flow.Subscriber<? super TextPiece> subscriber;
        private final Executor executor;
        /** Pieces asked for and not yet given; while above 0, one task is running. */
        private final AtomicLong demand = new AtomicLong();

        /** A demand that is none, until it is signalled. */
        private final AtomicReference<@Nullable RuntimeException> misuse = new AtomicReference<>();

        /** Tasks that have begun and not ended; a new one may begin while the last one ends. */
        private final AtomicInteger tasks = new AtomicInteger();

        private volatile boolean ended;

        Subscription(LiveAnswer answer, Flow.Subscriber<? super TextPiece> subscriber, Executor executor) {
            this.answer = answer;
            this.subscriber = subscriber;
            this.executor = executor;
        }

        @Override
        public void request(long count) {
            if (ended) {
                return;
            }
            if (count < 1) {
                misuse.compareAndSet(
                        null, new IllegalArgumentException("a subscriber must request at least 1 piece, got " + count));
                // What is running ends soon; the task that runs it, or else a new one, gives the signal.
                answer.cancel();
            }
            long added = Math.max(1, count);
            long before = demand.getAndUpdate(now -> now + added < 0 ? Long.MAX_VALUE : now + added);
            if (before == 0) {
                try {
                    executor.execute(this::serve);
                } catch (RuntimeException e) {
                    fail(e);
                }
            }
        }

        private void serve() {
            tasks.incrementAndGet();
            try {
                while (!ended && give() && demand.decrementAndGet() > 0) {
                    // One piece at a time.
                }
            } catch (RuntimeException e) {
                if (!ended) {
                    fail(e);
                }
            } catch (Error e) {
                ended = true;
                throw e;
            } finally {
                tasks.decrementAndGet();
                closeIfEnded();
            }
        }

        /** Frees what the answer occupies, unless a task is running: that one does it when it ends, and nobody waits. */
        private void closeIfEnded() {
            // A task lowers its number and then looks whether all has ended, a canceller ends all and then looks at the
            // number; so at least one of them finds both.
            if (ended && tasks.get() == 0) {
                answer.close();
            }
        }

        /** Gives a piece, or the signal that there is none; tells whether there may be more. */
        private boolean give() {
            boolean more;
            try {
                more = misuse.get() == null && answer.hasNext();
            } catch (RuntimeException e) {
                if (misuse.get() == null) {
                    throw e;
                }
                more = false;
            }
            RuntimeException misused = misuse.get();
            if (ended) {
                return false;
            }
            if (misused != null) {
                fail(misused);
                return false;
            }
            if (more) {
                subscriber.onNext(answer.next());
            }
            // An end that is known needs nobody to ask for it.
            if (!ended && answer.isComplete()) {
                ended = true;
                subscriber.onComplete();
            }
            return !ended;
        }

        private void fail(RuntimeException cause) {
            ended = true;
            answer.close();
            subscriber.onError(cause);
        }

        @Override
        public void cancel() {
            ended = true;
            answer.cancel();
            closeIfEnded();
        }
    }
}
