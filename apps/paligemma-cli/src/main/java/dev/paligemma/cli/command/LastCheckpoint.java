package dev.paligemma.cli.command;

import dev.paligemma.training.run.StopSignal;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Holds the end of the process back, as after Ctrl-C, until a run has written its checkpoint. */
final class LastCheckpoint implements AutoCloseable {
    /** An update of a large model takes minutes; who cannot wait kills the process, and loses what is new. */
    private static final int PATIENCE_MINUTES = 60;

    private final StopSignal stop = new StopSignal();
    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook = new Thread(this::await, "paligemma-checkpoint");

    private LastCheckpoint() {}

    /** Watches over a run that obeys its signal, until this is closed. */
    static LastCheckpoint install() {
        LastCheckpoint last = new LastCheckpoint();
        Runtime.getRuntime().addShutdownHook(last.hook);
        return last;
    }

    /** What ends the run. */
    StopSignal signal() {
        return stop;
    }

    private void await() {
        stop.request();
        try {
            // Whether it has ended by then or not, the process goes.
            @SuppressWarnings("unused")
            boolean ended = done.await(PATIENCE_MINUTES, TimeUnit.MINUTES);
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
