package dev.paligemma.generation.internal;

import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.TextPiece;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** An answer that a model writes as its pieces are asked for. */
public final class LiveAnswer implements AnswerStream {
    private final TextGenerator generator;
    private final Slots slots;
    private final GenerationRequest request;
    private final Cancellation cancellation;
    private final AnswerPieces pieces;
    /** Writes the answer; there is one while the stream occupies a request of the pipeline. */
    private @Nullable Decoding decoding;

    private @Nullable AnswerWriter writer;
    private final Deque<TextPiece> ready = new ArrayDeque<>();
    private @Nullable GenerationResult result;
    private boolean closed;

    /** An answer to a request of which a trace tells. */
    public LiveAnswer(TextGenerator generator, Slots slots, GenerationRequest request, RequestTrace trace) {
        this.generator = generator;
        this.slots = slots;
        this.request = request;
        this.cancellation = new Cancellation(request.timeout(), trace);
        this.pieces = new AnswerPieces(generator.tokenizer(request), request);
    }

    @Override
    public synchronized boolean hasNext() {
        if (closed && result == null) {
            throw closedTooEarly();
        }
        try {
            while (ready.isEmpty() && result == null) {
                advance();
            }
        } catch (RuntimeException | Error e) {
            free();
            cancellation.trace().failed(e);
            throw e;
        }
        return !ready.isEmpty();
    }

    /** Writes one more token, or finds that the answer has ended. */
    private void advance() {
        AnswerWriter answer = step();
        ready.addAll(pieces.take(answer));
        if (answer.hasEnded()) {
            result = answer.result();
            free();
            cancellation.trace().finished(List.of(result));
        }
        answer.clock().count(PreparedRequest.Phase.DECODE);
    }

    private AnswerWriter step() {
        if (decoding == null || writer == null) {
            cancellation.trace().queued();
            slots.acquire(cancellation);
            decoding = new Decoding(generator.model());
            writer = generator.begin(decoding, request, cancellation);
        } else {
            // Nobody worked on the answer since the last token.
            writer.clock().skip();
            decoding.step();
        }
        return writer;
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

    /** Whether every piece has been given out and the answer is known to have ended. Runs nothing. */
    synchronized boolean isComplete() {
        return result != null && ready.isEmpty();
    }

    /** Gives the answer up without waiting: a call that is running fails soon, but only {@link #close} frees anything. */
    void cancel() {
        cancellation.cancel();
    }

    @Override
    public void close() {
        // Before the lock is taken: a step in another thread then ends the answer.
        cancel();
        synchronized (this) {
            free();
            if (result == null) {
                cancellation.trace().failed(closedTooEarly());
            }
        }
    }

    private void free() {
        cancel();
        closed = true;
        if (decoding != null) {
            decoding.close();
            decoding = null;
            slots.release();
        }
    }

    static RequestCancelledException closedTooEarly() {
        return new RequestCancelledException("the stream was closed before the answer was complete");
    }
}
