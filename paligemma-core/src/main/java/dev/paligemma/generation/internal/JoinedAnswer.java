package dev.paligemma.generation.internal;

import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.TextPiece;
import dev.paligemma.network.internal.ActiveAdapter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * An answer that a {@link Batcher} writes beside others: one thread writes its pieces, another one asks for them.
 * Thread-safe.
 */
public final class JoinedAnswer implements AnswerStream {
    /** How often one that waits for a piece looks whether it was cancelled. */
    private static final long LOOK_MS = 20;

    private final Batcher batcher;
    private final TextGenerator generator;
    private final GenerationRequest request;
    private final Cancellation cancellation;
    private final AnswerPieces pieces;
    /** Writes the answer once it was begun; of the thread that writes alone. */
    private @Nullable AnswerWriter writer;

    private final Deque<TextPiece> ready = new ArrayDeque<>();
    private boolean submitted;
    private boolean closed;
    private @Nullable GenerationResult result;
    private @Nullable Throwable failure;

    JoinedAnswer(Batcher batcher, TextGenerator generator, GenerationRequest request, Cancellation cancellation) {
        this.batcher = batcher;
        this.generator = generator;
        this.request = request;
        this.cancellation = cancellation;
        this.pieces = new AnswerPieces(generator.tokenizer(request), request);
    }

    ActiveAdapter adapter() {
        return generator.adapter(request);
    }

    Cancellation cancellation() {
        return cancellation;
    }

    /** Runs the prompt, and chooses the first token. */
    void begin(Decoding decoding) {
        writer = generator.begin(decoding, request, cancellation);
    }

    /** Gives out what was written last; to be called once the answer was begun, and after each further token. */
    void deliver() {
        AnswerWriter answer = writer;
        if (answer == null || hasEnded()) {
            return;
        }
        List<TextPiece> written = pieces.take(answer);
        GenerationResult whole = answer.hasEnded() ? answer.result() : null;
        if (whole != null) {
            // Whoever has the answer finds it counted.
            cancellation.trace().finished(List.of(whole));
        }
        synchronized (this) {
            ready.addAll(written);
            result = whole;
            notifyAll();
        }
    }

    /** Ends this by a failure, unless it has ended. */
    void fail(Throwable why) {
        if (hasEnded()) {
            return;
        }
        cancellation.trace().failed(why);
        synchronized (this) {
            failure = why;
            notifyAll();
        }
    }

    synchronized boolean hasEnded() {
        return result != null || failure != null;
    }

    @Override
    public boolean hasNext() {
        submit();
        try {
            return await();
        } catch (RuntimeException | Error e) {
            giveUp(e);
            throw e;
        }
    }

    private void submit() {
        synchronized (this) {
            if (submitted || closed) {
                return;
            }
            submitted = true;
        }
        batcher.submit(this);
    }

    private synchronized boolean await() {
        while (result == null && (closed || ready.isEmpty())) {
            if (closed) {
                throw LiveAnswer.closedTooEarly();
            }
            if (failure instanceof Error error) {
                throw error;
            }
            if (failure instanceof RuntimeException exception) {
                throw exception;
            }
            cancellation.check("while it waited for the model");
            try {
                wait(LOOK_MS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        return !ready.isEmpty();
    }

    /** Leaves the queue at once, or the answers that are written within one token. */
    private void giveUp(Throwable why) {
        cancellation.cancel();
        if (batcher.withdraw(this)) {
            fail(why);
        }
    }

    @Override
    public synchronized TextPiece next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the answer is complete");
        }
        return ready.remove();
    }

    @Override
    public synchronized GenerationResult result() {
        if (result == null) {
            throw new IllegalStateException("the answer is not complete: ask for pieces until there is none");
        }
        return result;
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        giveUp(LiveAnswer.closedTooEarly());
    }
}
