package dev.paligemma;

import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/** Lets so many requests run at the same time; further ones wait, first come first served. Thread-safe. */
final class Slots {
    private final Semaphore free;

    /** As many slots as given, at least 1. */
    Slots(int count) {
        this.free = new Semaphore(count, true);
    }

    /** Does something in a slot, once there is one. */
    <T> T run(Supplier<T> work) {
        free.acquireUninterruptibly();
        try {
            return work.get();
        } finally {
            free.release();
        }
    }

    /**
     * Does something in a slot of each, once both have one; in one slot if both are the same.
     *
     * <p>Nobody waits for one while holding the other, so callers that name the two in another order never block each
     * other for good.
     */
    static <T> T runInBoth(Slots one, Slots other, Supplier<T> work) {
        if (one == other) {
            return one.run(work);
        }
        Slots first = one;
        Slots second = other;
        first.free.acquireUninterruptibly();
        while (!second.free.tryAcquire()) {
            first.free.release();
            Slots full = second;
            second = first;
            first = full;
            first.free.acquireUninterruptibly();
        }
        try {
            return work.get();
        } finally {
            first.free.release();
            second.free.release();
        }
    }
}
