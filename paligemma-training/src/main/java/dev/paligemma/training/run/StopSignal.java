package dev.paligemma.training.run;

/**
 * Ends a run from another thread: after the update that is being computed the run writes a checkpoint and ends with a {@link
 * FineTuningStoppedException}. An interrupt of the thread that trains does the same. Thread-safe.
 */
public final class StopSignal {
    private volatile boolean requested;

    /** A signal that nobody has given yet. */
    public StopSignal() {}

    /** Asks the run to end. */
    public void request() {
        requested = true;
    }

    /** Whether the run is asked to end. */
    public boolean isRequested() {
        return requested;
    }
}
