package dev.paligemma;

import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Pieces of an answer, written as fast as a subscriber asks for them. Every subscriber gets an answer of its own. Immutable
 * and thread-safe.
 */
final class AnswerPublisher implements Flow.Publisher<TextPiece> {
    private final Supplier<AnswerStream> answers;
    private final Executor executor;

    AnswerPublisher(Supplier<AnswerStream> answers, Executor executor) {
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
        private final AnswerStream answer;
        private final Flow.Subscriber<? super TextPiece> subscriber;
        private final Executor executor;
        /** Pieces asked for and not yet given; while above 0, one task is running. */
        private final AtomicLong demand = new AtomicLong();

        private volatile boolean ended;

        Subscription(AnswerStream answer, Flow.Subscriber<? super TextPiece> subscriber, Executor executor) {
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
                fail(new IllegalArgumentException("a subscriber must request at least 1 piece, got " + count));
                return;
            }
            long before = demand.getAndUpdate(now -> now + count < 0 ? Long.MAX_VALUE : now + count);
            if (before == 0) {
                try {
                    executor.execute(this::serve);
                } catch (RuntimeException e) {
                    fail(e);
                }
            }
        }

        private void serve() {
            do {
                try {
                    if (ended) {
                        return;
                    }
                    if (!answer.hasNext()) {
                        ended = true;
                        subscriber.onComplete();
                        return;
                    }
                    TextPiece piece = answer.next();
                    if (!ended) {
                        subscriber.onNext(piece);
                    }
                } catch (RuntimeException e) {
                    if (!ended) {
                        fail(e);
                    }
                    return;
                }
            } while (demand.decrementAndGet() > 0);
        }

        private void fail(RuntimeException cause) {
            ended = true;
            answer.close();
            subscriber.onError(cause);
        }

        @Override
        public void cancel() {
            ended = true;
            answer.close();
        }
    }
}
