package dev.paligemma.server.internal.http;

/**
 * How many requests for the model are run and wait. A request takes its place before its body is read as JSON and its pictures are decoded,
 * so that one too many costs nothing. Thread-safe.
 */
public final class Places {
    private int limit = Integer.MAX_VALUE;
    private int taken;

    /** From now on there are so many. */
    public synchronized void limit(long places) {
        limit = (int) Math.min(places, Integer.MAX_VALUE);
    }

    /** Whether there is none left. */
    synchronized boolean areTaken() {
        return taken >= limit;
    }

    /** Takes a place; false if there is none left. */
    synchronized boolean take() {
        if (areTaken()) {
            return false;
        }
        taken++;
        return true;
    }

    /** Gives a place back. */
    synchronized void giveBack() {
        taken--;
    }
}
