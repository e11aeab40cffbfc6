package dev.paligemma.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ends a command in good order when the process is told to end, as by Ctrl-C: the request is given up within one step of
 * the network and native memory and temporary files are freed before the JVM goes. A step that takes too long is not
 * waited for.
 */
final class Interruption implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 3;

    private final Thread worker;
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile boolean requested;

    /** Watches over a command that the calling thread runs until {@link #close}. */
    Interruption() {
        this.worker = Thread.currentThread();
    }

    /** Watches over the rest of this process. */
    static Interruption install() {
        Interruption interruption = new Interruption();
        Runtime.getRuntime().addShutdownHook(new Thread(interruption::interrupt, "paligemma-interruption"));
        return interruption;
    }

    /** Ends the command, if it still runs, and waits a moment for that. */
    boolean interrupt() {
        if (done.getCount() == 0) {
            return true;
        }
        requested = true;
        worker.interrupt();
        try {
            return done.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the process ends now
            return false;
        }
    }

    /** Whether the command was told to end. */
    boolean isRequested() {
        return requested;
    }

    /** The command has ended. */
    @Override
    public void close() {
        done.countDown();
    }
}
