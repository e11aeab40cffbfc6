package dev.paligemma.checkpoint.internal.convert;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Runs numbered tasks on threads that live as long as the call.
 *
 * <p>Threads of its own rather than the common pool, because each holds buffers, so their number must be known; because
 * they wait for the disk, which would hold up others; and because the caller can be interrupted while they work.
 */
final class Workers {
    private Workers() {}

    /** Does tasks on one thread. */
    @FunctionalInterface
    interface Worker {
        void run(int task) throws IOException;
    }

    /**
     * Runs all tasks with a worker for each thread; when one fails, no further ones are started, and its exception is
     * thrown. If this thread is interrupted, all tasks have ended.
     */
    static void run(int tasks, int mostThreads, Supplier<Worker> workers) throws IOException, InterruptedException {
        int threads = Math.max(
                1, Math.min(tasks, Math.min(mostThreads, Runtime.getRuntime().availableProcessors())));
        AtomicInteger next = new AtomicInteger();
        AtomicBoolean stop = new AtomicBoolean();
        ExecutorService pool = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "paligemma-convert");
            thread.setDaemon(true);
            return thread;
        });
        List<Future<?>> futures = new ArrayList<>();
        try {
            for (int i = 0; i < threads; i++) {
                futures.add(pool.submit(() -> {
                    try {
                        Worker worker = workers.get();
                        for (int n = next.getAndIncrement(); n < tasks && !stop.get(); n = next.getAndIncrement()) {
                            worker.run(n);
                        }
                        return null;
                    } catch (IOException | RuntimeException | Error e) {
                        stop.set(true);
                        throw e;
                    }
                }));
            }
            for (Future<?> future : futures) {
                future.get();
            }
        } catch (ExecutionException e) {
            throw failure(e);
        } finally {
            stop.set(true);
            pool.shutdown();
            awaitAll(futures);
        }
    }

    private static IOException failure(ExecutionException e) {
        if (e.getCause() instanceof IOException io) {
            return io;
        }
        if (e.getCause() instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) e.getCause();
    }

    /** Whatever happens, nobody writes after the call: the file may be deleted next. */
    private static void awaitAll(List<Future<?>> futures) {
        boolean interrupted = false;
        for (Future<?> future : futures) {
            boolean ended = false;
            while (!ended) {
                try {
                    future.get();
                    ended = true;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    // Reported already, or the result of the failure that was.
                    ended = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
