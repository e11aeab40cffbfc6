package dev.paligemma.server.internal.http;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Ends what takes longer than it may by an interrupt, which closes the connection that its thread reads from or writes to: a sender
 * that is slow on purpose, or a client that does not read. Thread-safe.
 */
final class Deadlines implements AutoCloseable {
    private static final long LOOK_MS = 200;

    private final Map<Thread, Deadline> open = new ConcurrentHashMap<>();
    private final Thread clock = new Thread(this::watch, "paligemma-server-clock");

    Deadlines() {
        clock.setDaemon(true);
        clock.start();
    }

    /** The time that is left to one thread. */
    static final class Deadline {
        private final Thread thread = Thread.currentThread();
        private boolean running;
        private boolean ended;
        private long end;

        /** From now on so long. */
        synchronized void in(Duration time) {
            end = System.nanoTime() + time.toNanos();
            running = true;
        }

        /** No limit from now on. */
        synchronized void none() {
            running = false;
        }

        private synchronized void look() {
            if (running && !ended && System.nanoTime() - end > 0) {
                running = false;
                thread.interrupt();
            }
        }

        private synchronized void end() {
            ended = true;
        }
    }

    /** Does something in the calling thread, which has so much time until it says otherwise. */
    void run(Duration time, Runnable work) {
        Deadline deadline = new Deadline();
        deadline.in(time);
        open.put(Thread.currentThread(), deadline);
        try {
            work.run();
        } finally {
            open.remove(Thread.currentThread());
            deadline.end();
            // An interrupt that came too late is not for whom the thread works next.
            boolean unused = Thread.interrupted();
        }
    }

    /** That of the calling thread, which is in {@link #run}. */
    Deadline current() {
        return Objects.requireNonNull(open.get(Thread.currentThread()));
    }

    private void watch() {
        try {
            while (true) {
                Thread.sleep(LOOK_MS);
                open.values().forEach(Deadline::look);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    @Override
    public void close() {
        clock.interrupt();
    }
}
