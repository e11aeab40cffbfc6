package dev.paligemma.server.internal.http;

import java.util.concurrent.Semaphore;

/** So much memory for all requests together, which they take before they use it and give back when they end. Thread-safe. */
final class MemoryPool {
    private static final int UNIT = 1024;

    private final int total;

    /** First come, first served: a large request has its turn, too. */
    private final Semaphore free;

    /** A pool of so many bytes, at least one unit. */
    MemoryPool(long bytes) {
        this.total = units(Math.max(bytes, UNIT), Integer.MAX_VALUE);
        this.free = new Semaphore(total, true);
    }

    /** How many bytes nobody has. */
    long freeBytes() {
        return (long) free.availablePermits() * UNIT;
    }

    /** One request's part, with nothing in it. */
    Share open() {
        return new Share();
    }

    private static int units(long bytes, int most) {
        return (int) Math.min(most, (bytes + UNIT - 1) / UNIT);
    }

    /** What one request has. One that wants more than there is has all of it, alone. Thread-safe. */
    final class Share implements AutoCloseable {
        private int held;
        private boolean closed;

        /** Takes as much as it needs to have so many bytes, if that is there now. */
        synchronized boolean tryHold(long bytes) {
            int more = units(bytes, total) - held;
            if (closed || (more > 0 && !free.tryAcquire(more))) {
                return false;
            }
            held += Math.max(more, 0);
            return true;
        }

        /** Waits until it has so many bytes; it must have none yet, or two might wait for each other. */
        void hold(long bytes) throws InterruptedException {
            int wanted = units(bytes, total);
            free.acquire(wanted);
            synchronized (this) {
                if (closed) {
                    free.release(wanted);
                } else {
                    held += wanted;
                }
            }
        }

        /** Gives back what is above so many bytes. */
        synchronized void reduce(long bytes) {
            int kept = Math.min(held, units(bytes, total));
            free.release(held - kept);
            held = kept;
        }

        /** Gives all back, for good. */
        @Override
        public synchronized void close() {
            closed = true;
            reduce(0);
        }
    }
}
