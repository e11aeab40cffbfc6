package dev.paligemma;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What an engine of {@link ProbedEngineProvider} did, and a way to stop it within a run. Thread-safe. */
final class Probe {
    private final AtomicInteger encodings = new AtomicInteger();
    private final AtomicInteger runs = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger mostOpen = new AtomicInteger();
    private volatile @Nullable Gate gate;
    private volatile @Nullable Gate encodingGate;

    /** Runs of the image encoder. */
    int encodings() {
        return encodings.get();
    }

    /** Runs of the decoder: one for each prompt, then one for each token, whether of one answer or of many. */
    int runs() {
        return runs.get();
    }

    /** Key/value caches that are not closed. */
    int open() {
        return open.get();
    }

    /** The most key/value caches there were at once. */
    int mostOpen() {
        return mostOpen.get();
    }

    /** Stops the decoder in the n-th run from now on, counted from 1, until the gate is opened. */
    Gate stopInRun(int n) {
        Gate next = new Gate(runs.get() + n);
        gate = next;
        return next;
    }

    /** Stops the image encoder in the n-th run from now on, counted from 1, until the gate is opened. */
    Gate stopInEncoding(int n) {
        Gate next = new Gate(encodings.get() + n);
        encodingGate = next;
        return next;
    }

    /** Stops nothing any more. */
    void goOn() {
        Gate last = gate;
        gate = null;
        if (last != null) {
            last.open();
        }
        Gate lastEncoding = encodingGate;
        encodingGate = null;
        if (lastEncoding != null) {
            lastEncoding.open();
        }
    }

    void encoding() {
        stop(encodingGate, encodings.incrementAndGet());
    }

    void run() {
        stop(gate, runs.incrementAndGet());
    }

    private static void stop(@Nullable Gate gate, int run) {
        if (gate != null && gate.run == run) {
            gate.pass();
        }
    }

    void opened() {
        mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
    }

    void closed() {
        open.decrementAndGet();
    }

    /** Where a run stops. */
    static final class Gate {
        private final int run;
        private final CountDownLatch arrived = new CountDownLatch(1);
        private final CountDownLatch opened = new CountDownLatch(1);

        private Gate(int run) {
            this.run = run;
        }

        /** Waits until the run has begun. */
        void awaitArrival() throws InterruptedException {
            assertThat(arrived.await(30, TimeUnit.SECONDS))
                    .as("the run has begun")
                    .isTrue();
        }

        void open() {
            opened.countDown();
        }

        /** As native code does, this goes on when the thread is interrupted. */
        private void pass() {
            arrived.countDown();
            boolean interrupted = false;
            while (opened.getCount() > 0) {
                try {
                    opened.await();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
