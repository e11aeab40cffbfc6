package dev.paligemma.hub;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/** Threads that live as long as a call. */
final class WorkerPool implements AutoCloseable {
    private final ExecutorService threads;

    WorkerPool(int count) {
        this.threads = Executors.newFixedThreadPool(count, daemons("paligemma-hub"));
    }

    static ThreadFactory daemons(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    /** The results of tasks, several run at once, in their order. After an interruption they may run until {@link #close}. */
    <T> List<T> all(List<Callable<T>> tasks) throws InterruptedException {
        ExecutorCompletionService<T> running = new ExecutorCompletionService<>(threads);
        List<Future<T>> futures = tasks.stream().map(running::submit).toList();
        try {
            for (int i = 0; i < tasks.size(); i++) {
                running.take().get(); // whichever ends next: the first failure ends the call
            }
            List<T> results = new ArrayList<>();
            for (Future<T> future : futures) {
                results.add(future.get());
            }
            return results;
        } catch (ExecutionException e) {
            threads.shutdownNow();
            Throwable cause = e.getCause();
            if (cause instanceof RuntimeException failure) {
                throw failure;
            }
            if (cause instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException("a download failed in an unknown way", cause);
        }
    }

    /** Ends all tasks and waits for that: whoever gets the exception may delete the folder next. */
    @Override
    public void close() {
        threads.shutdownNow();
        boolean interrupted = false;
        boolean ended = false;
        while (!ended) {
            try {
                ended = threads.awaitTermination(1, TimeUnit.HOURS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
