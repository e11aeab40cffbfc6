package dev.paligemma.checkpoint.internal.convert;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.convert.ConversionListener;
import dev.paligemma.checkpoint.convert.ConversionProgress;

/** Adds up what several threads have done and tells a listener at each percent. Thread-safe. */
final class ProgressReporter {
    private static final int STEPS = 100;

    private final ConversionListener listener;
    private final Checkpoint source;
    private final ConversionPlan plan;
    private final long total;
    private long done;
    private long step;

    ProgressReporter(ConversionListener listener, Checkpoint source, ConversionPlan plan, long total) {
        this.listener = listener;
        this.source = source;
        this.plan = plan;
        this.total = total;
    }

    /** Tells of the start. */
    synchronized void start() {
        tell();
    }

    /** The last step is kept for {@link #end}. */
    synchronized void add(long bytes) {
        done += bytes;
        long reached = Math.min(STEPS - 1, done * STEPS / Math.max(1, total));
        if (reached > step && done < total) {
            step = reached;
            tell();
        }
    }

    /** Tells that all is done. */
    synchronized void end() {
        done = total;
        tell();
    }

    private void tell() {
        listener.progress(new ConversionProgress(source.folder(), plan.precision(), done, total));
    }
}
