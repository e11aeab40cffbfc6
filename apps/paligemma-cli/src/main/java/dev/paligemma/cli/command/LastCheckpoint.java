package dev.paligemma.cli.command;

import dev.paligemma.training.run.StopSignal;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Holds the end of the process back, as after Ctrl-C, until a run has written its checkpoint. */
final class LastCheckpoint implements AutoCloseable {
    /** An update of a large model takes minutes; who cannot wait kills the process, and loses what is new. */
    private static final int PATIENCE_MINUTES = 60;

    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook;

    private LastCheckpoint(StopSignal stop) {
        this.hook = new Thread(() -> await(stop), "paligemma-checkpoint");
    }

    /** Watches over a run that obeys a signal, until this is closed. */
    static LastCheckpoint before(StopSignal stop) {
        LastCheckpoint last = new LastCheckpoint(stop);
        Runtime.getRuntime().addShutdownHook(last.hook);
        return last;
    }

    private void await(StopSignal stop) {
        stop.request();
        try {
            if (!done.await(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the process ends now
        }
    }

    @Override
    public void close() {
        done.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending, and the hook with it.
        }
    }
}
