package dev.paligemma.hub;

import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The body of an answer, taken piece by piece by the thread that writes it. Asking for a piece waits a limited time, so a
 * server that stalls, or sends a byte now and then, is noticed without another thread; and at most one piece is in memory.
 */
final class PolledBody implements Flow.Subscriber<List<ByteBuffer>>, AutoCloseable {
    private static final Object END = new Object();

    /** Fewer in the time in which silence is a failure are as good as none. */
    private static final int FEWEST_BYTES = 1_000;

    private final Duration stall;
    private final BlockingQueue<Object> events = new LinkedBlockingQueue<>();
    private final Deque<ByteBuffer> pieces = new ArrayDeque<>();
    private final Object lock = new Object();
    private Flow.@Nullable Subscription subscription;
    private boolean closed;
    private boolean ended;
    /** When the bytes began to be counted. */
    private long since = System.nanoTime();

    private int counted;

    PolledBody(Duration stall) {
        this.stall = stall;
    }

    /** Waits for bytes, null at the end; throws IOException if the connection broke off, or nothing came for too long. */
    @Nullable
    ByteBuffer next() throws IOException, InterruptedException {
        while (true) {
            ByteBuffer piece = pieces.poll();
            if (piece != null && piece.hasRemaining()) {
                return piece;
            }
            if (piece == null) {
                if (ended) {
                    return null;
                }
                take();
            }
        }
    }

    private void take() throws IOException, InterruptedException {
        // What is already here is taken, however long the disk took with what came before.
        Object event = events.poll();
        if (event == null) {
            event = events.poll(since + stall.toNanos() - System.nanoTime(), TimeUnit.NANOSECONDS);
        }
        if (event == null) {
            close();
            throw new TransientFailure(
                    Kind.UNREACHABLE,
                    (counted == 0 ? "no byte" : "no more than " + counted + " bytes") + " arrived for "
                            + stall.toMillis() / 1000.0 + " s",
                    null);
        }
        if (event == END) {
            ended = true;
        } else if (event instanceof Throwable failure) {
            ended = true;
            throw failure instanceof IOException io ? io : new IOException(failure.toString(), failure);
        } else {
            for (Object piece : (List<?>) event) {
                ByteBuffer bytes = (ByteBuffer) piece;
                counted += bytes.remaining();
                pieces.add(bytes);
            }
            if (counted >= FEWEST_BYTES) {
                counted = 0;
                since = System.nanoTime();
            }
            request();
        }
    }

    private void request() {
        synchronized (lock) {
            if (subscription != null && !closed) {
                subscription.request(1);
            }
        }
    }

    @Override
    public void onSubscribe(Flow.Subscription newSubscription) {
        synchronized (lock) {
            subscription = newSubscription;
            if (closed) {
                newSubscription.cancel();
                return;
            }
        }
        newSubscription.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> item) {
        events.add(item);
    }

    @Override
    public void onError(Throwable failure) {
        events.add(failure);
    }

    @Override
    public void onComplete() {
        events.add(END);
    }

    /** Breaks the connection off, unless the body has been read to its end. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            if (subscription != null && !ended) {
                subscription.cancel();
            }
        }
    }
}
