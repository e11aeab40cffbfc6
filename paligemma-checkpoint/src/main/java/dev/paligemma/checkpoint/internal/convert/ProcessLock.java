package dev.paligemma.checkpoint.internal.convert;

import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets one thread of this process convert at a time. A conversion uses all cores, so nothing is lost.
 *
 * <p>It must be one lock for the process, for file locks are: a second one on the same file is refused, and closing any
 * channel of a file may drop the lock that another channel of this process holds on it.
 */
final class ProcessLock implements AutoCloseable {
    private static final ReentrantLock LOCK = new ReentrantLock();

    private ProcessLock() {}

    /** Waits for the lock; a thread that has it gets it again. */
    static ProcessLock acquire() throws InterruptedException {
        LOCK.lockInterruptibly();
        return new ProcessLock();
    }

    @Override
    public void close() {
        LOCK.unlock();
    }
}
