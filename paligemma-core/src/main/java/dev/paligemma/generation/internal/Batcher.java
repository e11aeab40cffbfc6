package dev.paligemma.generation.internal;

import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.TooManyRequestsException;
import dev.paligemma.network.internal.ActiveAdapter;
import dev.paligemma.network.internal.VisionLanguageModel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Writes answers for many threads side by side: one that comes while others are written joins them at the next token, one
 * that ends makes room. A single task of the executor does the work, and ends when there is none. Thread-safe.
 *
 * <p>Requests begin in the order in which they come. One prompt is run between two tokens of those that are open, so they
 * are not held up by all that waits. A request for another adapter waits until those that are open have ended, and so do
 * all behind it: nobody waits for ever.
 */
public final class Batcher implements AutoCloseable {
    private final VisionLanguageModel model;
    private final Slots slots;
    private final int together;
    private final Executor executor;

    private final Deque<JoinedAnswer> waiting = new ArrayDeque<>();
    /** How many answers are written. */
    private int open;
    /** Whether a task was given to the executor that has not ended. */
    private boolean scheduled;
    /** The task while it works, and what ends its wait for a slot. */
    private @Nullable Cancellation working;

    private boolean closed;

    /** Answers at most so many requests side by side, in a slot of the pipeline. */
    public Batcher(VisionLanguageModel model, Slots slots, int together, Executor executor) {
        this.model = model;
        this.slots = slots;
        this.together = together;
        this.executor = executor;
    }

    /** Answers one request, and waits for it. */
    public GenerationResult generate(TextGenerator generator, GenerationRequest request, Cancellation cancellation) {
        try (JoinedAnswer answer = answer(generator, request, cancellation)) {
            while (answer.hasNext()) {
                answer.next();
            }
            return answer.result();
        }
    }

    /** An answer to come; it is queued when its first piece is asked for. */
    public JoinedAnswer answer(TextGenerator generator, GenerationRequest request, Cancellation cancellation) {
        return new JoinedAnswer(this, generator, request, cancellation);
    }

    /** Queues an answer; what keeps it from being queued is its failure. */
    void submit(JoinedAnswer answer) {
        answer.cancellation().trace().queued();
        boolean first;
        try {
            first = queue(answer);
        } catch (RuntimeException e) {
            answer.fail(e);
            return;
        }
        if (first) {
            try {
                executor.execute(this::work);
            } catch (RuntimeException e) {
                ended();
                failWaiting(e);
            }
        }
    }

    /** Queues an answer; whether a task is to be given to the executor for it. */
    private synchronized boolean queue(JoinedAnswer answer) {
        if (closed) {
            throw isClosed();
        }
        if (waiting.size() - (together - open) >= slots.maxWaiting()) {
            throw new TooManyRequestsException(open, waiting.size());
        }
        waiting.add(answer);
        boolean first = !scheduled;
        scheduled = true;
        return first;
    }

    /** Takes an answer out of the queue; false if it is not there. */
    synchronized boolean withdraw(JoinedAnswer answer) {
        return waiting.remove(answer);
    }

    /** How many answers are in the queue. */
    public synchronized int waiting() {
        return waiting.size();
    }

    private void work() {
        Cancellation turn = Cancellation.none();
        if (!started(turn)) {
            return;
        }
        while (hasWork()) {
            try {
                slots.run(turn, () -> {
                    writeTogether();
                    return true;
                });
            } catch (RuntimeException | Error e) {
                // There was no slot: the pipeline is closed or full, or the thread was interrupted.
                failWaiting(e);
            }
        }
    }

    /** Writes answers until there is none, or somebody else needs the slot. */
    private void writeTogether() {
        List<JoinedAnswer> written = new ArrayList<>();
        try (Decoding decoding = new Decoding(
                model,
                (request, failure) -> written.stream()
                        .filter(answer -> answer.cancellation() == request)
                        .forEach(answer -> answer.fail(failure)))) {
            do {
                JoinedAnswer next =
                        admit(written.isEmpty() ? null : written.get(0).adapter());
                if (next != null) {
                    written.add(next);
                    begin(next, decoding);
                }
                decoding.step();
                written.forEach(JoinedAnswer::deliver);
                written.removeIf(JoinedAnswer::hasEnded);
                count(decoding.open());
            } while (decoding.open() > 0 || mayAdmit(null));
        } catch (RuntimeException | Error e) {
            written.forEach(answer -> answer.fail(e));
        } finally {
            count(0);
        }
    }

    private static void begin(JoinedAnswer answer, Decoding decoding) {
        try {
            answer.begin(decoding);
        } catch (RuntimeException e) {
            answer.fail(e);
        }
        // The first token is given out before the next run.
        answer.deliver();
    }

    /** The next answer to begin beside those with an adapter, null if none are open; null if none may begin. */
    private synchronized @Nullable JoinedAnswer admit(@Nullable ActiveAdapter adapter) {
        if (closed) {
            throw isClosed();
        }
        if (!mayAdmit(adapter)) {
            return null;
        }
        open++;
        return waiting.remove();
    }

    private synchronized boolean mayAdmit(@Nullable ActiveAdapter adapter) {
        JoinedAnswer next = waiting.peek();
        boolean fits = open < together && (adapter == null || (next != null && next.adapter() == adapter));
        // Those who wait for the slot itself, such as batches and scores, have their turn when the open answers have
        // ended.
        return next != null && fits && !slots.isAwaited();
    }

    private synchronized void count(int answers) {
        open = answers;
    }

    /** Notes that the task works; false if this was closed before. */
    private synchronized boolean started(Cancellation turn) {
        working = turn;
        return hasWork();
    }

    /** Whether somebody waits; if not, the task has ended. */
    private synchronized boolean hasWork() {
        if (waiting.isEmpty()) {
            ended();
            return false;
        }
        return true;
    }

    private synchronized void ended() {
        scheduled = false;
        working = null;
        notifyAll();
    }

    private void failWaiting(Throwable why) {
        List<JoinedAnswer> all;
        synchronized (this) {
            all = List.copyOf(waiting);
            waiting.clear();
        }
        all.forEach(answer -> answer.fail(why));
    }

    private static IllegalStateException isClosed() {
        return new IllegalStateException("the runner is closed");
    }

    /** Fails all that has not ended, and waits until the task has left the model. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            if (working != null) {
                working.cancel();
            }
        }
        failWaiting(isClosed());
        boolean interrupted = false;
        synchronized (this) {
            while (working != null) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
