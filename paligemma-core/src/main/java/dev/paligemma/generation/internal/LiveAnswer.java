package dev.paligemma.generation.internal;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.generation.AnswerStream;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.RequestCancelledException;
import dev.paligemma.generation.TextPiece;
import dev.paligemma.tokenizer.StreamingDecoder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An answer that a model writes as its pieces are asked for. */
public final class LiveAnswer implements AnswerStream {
    private final TextGenerator generator;
    private final Slots slots;
    private final GenerationRequest request;
    private final Cancellation cancellation;
    private final StreamingDecoder decoder;
    /** Writes the answer; there is one while the stream occupies a request of the pipeline. */
    private @Nullable Decoding decoding;

    private @Nullable AnswerWriter writer;
    private int written;
    private final Deque<TextPiece> ready = new ArrayDeque<>();
    private @Nullable GenerationResult result;
    private boolean closed;

    public LiveAnswer(TextGenerator generator, Slots slots, GenerationRequest request) {
        this.generator = generator;
        this.slots = slots;
        this.request = request;
        this.cancellation = new Cancellation(request.timeout());
        this.decoder = generator.tokenizer(request).newStreamingDecoder(true);
    }

    @Override
    public synchronized boolean hasNext() {
        if (closed && result == null) {
            throw new RequestCancelledException("the stream was closed before the answer was complete");
        }
        try {
            while (ready.isEmpty() && result == null) {
                advance();
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
        return !ready.isEmpty();
    }

    /** Writes one more token, or finds that the answer has ended. */
    private void advance() {
        AnswerWriter answer = step();
        if (answer.count() > written) {
            GeneratedToken token = answer.last();
            ready.add(new TextPiece(decoder.push(token.id()), Optional.of(token)));
            written++;
        }
        if (answer.hasEnded()) {
            String rest = decoder.finish();
            if (!rest.isEmpty()) {
                ready.add(new TextPiece(rest, Optional.empty()));
            }
            result = answer.result();
            close();
        }
        answer.clock().count(PreparedRequest.Phase.DECODE);
    }

    private AnswerWriter step() {
        if (decoding == null || writer == null) {
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
            closed = true;
            if (decoding != null) {
                decoding.close();
                decoding = null;
                slots.release();
            }
        }
    }
}
