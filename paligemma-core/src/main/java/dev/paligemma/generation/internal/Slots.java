package dev.paligemma.generation.internal;

import dev.paligemma.generation.TooManyRequestsException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;

/** Lets so many requests run at the same time; further ones, up to a number, wait, first come first served. Thread-safe. */
public final class Slots {
    /** How often one that waits looks whether it was cancelled. */
    private static final long LOOK_MS = 20;

    private final Deque<Cancellation> waiting = new ArrayDeque<>();
    private final int maxWaiting;
    private final int count;
    private int free;
    private boolean closed;

    /** As many slots as given, at least 1, for which so many requests may wait, at least 0. */
    public Slots(int count, int maxWaiting) {
        this.count = count;
        this.maxWaiting = maxWaiting;
        this.free = count;
    }

    /**
     * Waits for a slot; the caller gives it back by {@link #release}. An {@link IllegalStateException} if there are no
     * more turns, a {@link TooManyRequestsException} if too many wait already.
     */
    synchronized void acquire(Cancellation request) {
        // One that waits while there is a free slot is about to take it.
        if (!closed && waiting.size() - free >= maxWaiting) {
            throw new TooManyRequestsException(count - free, waiting.size());
        }
        String when = "while it waited for its turn";
        waiting.add(request);
        try {
            while (true) {
                request.check(when);
                if (closed) {
                    throw new IllegalStateException("the pipeline is closed");
                }
                if (free > 0 && waiting.peek() == request) {
                    free--;
                    return;
                }
                try {
                    wait(LOOK_MS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        } finally {
            waiting.remove(request);
            notifyAll();
        }
    }

    /** How many there are. */
    public int count() {
        return count;
    }

    /** How many may wait. */
    public int maxWaiting() {
        return maxWaiting;
    }

    /** Whether somebody waits for a slot. */
    synchronized boolean isAwaited() {
        return waiting.size() > free;
    }

    private synchronized boolean tryAcquire() {
        if (closed || free == 0 || !waiting.isEmpty()) {
            return false;
        }
        free--;
        return true;
    }

    /** Gives a slot back. */
    synchronized void release() {
        free++;
        notifyAll();
    }

    /** Lets nobody in any more: those who wait, and later ones, fail. */
    public synchronized void close() {
        closed = true;
        notifyAll();
    }

    /** Does something in a slot, once there is one. */
    public <T> T run(Cancellation request, Supplier<T> work) {
        acquire(request);
        try {
            return work.get();
        } finally {
            release();
        }
    }

    /**
     * Does something in a slot of each, once both have one; in one slot if both are the same.
     *
     * <p>Nobody waits for one while holding the other, so callers that name the two in another order never block each
     * other for good.
     */
    static <T> T runInBoth(Slots one, Slots other, Cancellation request, Supplier<T> work) {
        if (one == other) {
            return one.run(request, work);
        }
        Slots first = one;
        Slots second = other;
        first.acquire(request);
        while (!second.tryAcquire()) {
            first.release();
            Slots full = second;
            second = first;
            first = full;
            first.acquire(request);
        }
        try {
            return work.get();
        } finally {
            first.release();
            second.release();
        }
    }
}
