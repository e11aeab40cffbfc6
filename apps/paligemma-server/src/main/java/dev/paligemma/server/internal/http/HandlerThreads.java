package dev.paligemma.server.internal.http;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads of the server: one for each connection that is being looked after, as many as allowed, and one for each run of the
 * model. Those that have nothing to do for some seconds end.
 */
final class HandlerThreads implements Executor, AutoCloseable {
    private static final long IDLE_SECONDS = 10;
    private static final long LOOK_MS = 100;

    private final Deadlines deadlines = new Deadlines();
    private final Duration receive;
    private final ThreadPoolExecutor handlers;
    private final ThreadPoolExecutor workers;

    HandlerThreads(int most, Duration receive) {
        this.receive = receive;
        this.handlers = pool(most, "paligemma-server-");
        handlers.setRejectedExecutionHandler(HandlerThreads::waitForAThread);
        // As many as there are handlers, and what their clients have left behind for the rest of a step.
        this.workers = pool(Integer.MAX_VALUE, "paligemma-request-");
    }

    private static ThreadPoolExecutor pool(int most, String prefix) {
        AtomicInteger count = new AtomicInteger();
        return new ThreadPoolExecutor(0, most, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
            Thread thread = new Thread(task, prefix + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    /** The thread that accepts connections waits, and further connections with it. */
    private static void waitForAThread(Runnable task, ThreadPoolExecutor pool) {
        try {
            while (!pool.isShutdown()) {
                if (pool.getQueue().offer(task, LOOK_MS, TimeUnit.MILLISECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new RejectedExecutionException("the server stops");
    }

    /** Reads a request and answers it. */
    @Override
    public void execute(Runnable exchange) {
        handlers.execute(() -> deadlines.run(receive, exchange));
    }

    /** Where the model runs. */
    ExecutorService workers() {
        return workers;
    }

    /** The time that is left to the calling thread of a handler. */
    Deadlines.Deadline deadline() {
        return deadlines.current();
    }

    /** Interrupts what runs the model, and waits for it, but no longer than given: a step of the network may go on. */
    void interruptWork(Duration patience) {
        workers.shutdownNow();
        try {
            boolean unused = workers.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        workers.shutdownNow();
        handlers.shutdownNow();
        deadlines.close();
    }
}
