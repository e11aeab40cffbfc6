package dev.paligemma;

import dev.paligemma.token.GeneratedToken;
import dev.paligemma.tokenizer.StreamingDecoder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An answer while it is written, token by token. Made by {@link PaliGemmaPipeline#stream}.
 *
 * <pre>{@code
 * try (AnswerStream answer = pipeline.stream(request)) {
 *     answer.forEachRemaining(piece -> System.out.print(piece.text()));
 * }
 * }</pre>
 *
 * <p>The network runs in the thread that asks for the next piece, and only then; nothing runs in between. From the first
 * piece to the last, or to {@link #close}, the stream occupies one of the pipeline's concurrent requests and its memory.
 * The texts together are {@link GenerationResult#text}, except that broken UTF-8 within an answer may be replaced
 * differently; see {@link StreamingDecoder}.
 *
 * <p>Pieces are for one thread at a time. {@link #close} may be called from any thread: it waits for the step of the
 * network that is running, frees everything, and later calls of {@link #hasNext} fail.
 */
public final class AnswerStream implements Iterator<TextPiece>, AutoCloseable {
    private final TextGenerator generator;
    private final Slots slots;
    private final GenerationRequest request;
    private final Cancellation cancellation;
    private final StreamingDecoder decoder;
    private TextGenerator.@Nullable Answering answering;
    private final Deque<TextPiece> ready = new ArrayDeque<>();
    private @Nullable GenerationResult result;
    private boolean closed;

    AnswerStream(TextGenerator generator, Slots slots, GenerationRequest request) {
        this.generator = generator;
        this.slots = slots;
        this.request = request;
        this.cancellation = new Cancellation(request.timeout());
        this.decoder = generator.tokenizer().newStreamingDecoder(true);
    }

    /**
     * Writes the next token unless that is done, or finds that the answer has ended. The first call runs images and prompt.
     *
     * @return whether there is another piece
     * @throws RequestException if images and prompt are longer than the model can take
     * @throws RequestCancelledException if the stream was closed before the end, the thread is interrupted, or the time of
     *     the request is over
     * @throws IllegalStateException if the pipeline is closed
     */
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
        TextGenerator.Answering current = answering();
        int before = current.writer().count();
        boolean more = current.advance();
        if (current.writer().count() > before) {
            GeneratedToken token = current.writer().last();
            ready.add(new TextPiece(decoder.push(token.id()), Optional.of(token)));
        }
        if (!more) {
            String rest = decoder.finish();
            if (!rest.isEmpty()) {
                ready.add(new TextPiece(rest, Optional.empty()));
            }
            result = current.result();
            close();
        }
    }

    private TextGenerator.Answering answering() {
        if (answering == null) {
            slots.acquire(cancellation);
            try {
                answering = generator.begin(request, cancellation);
            } catch (RuntimeException | Error e) {
                slots.release();
                throw e;
            }
        }
        return answering;
    }

    /**
     * The next piece; see {@link #hasNext} for what may happen.
     *
     * @throws NoSuchElementException if the answer is complete
     */
    @Override
    public synchronized TextPiece next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the answer is complete");
        }
        return ready.remove();
    }

    /**
     * The whole answer, once it is complete.
     *
     * @return the answer
     * @throws IllegalStateException if it is not complete
     */
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

    /**
     * The remaining pieces as a sequential stream, whose {@link Stream#close} closes this.
     *
     * @return the pieces, to be asked for once
     */
    public Stream<TextPiece> pieces() {
        return PulledStream.of(this, this::close);
    }

    /** Gives the answer up without waiting: a call that is running fails soon, but only {@link #close} frees anything. */
    void cancel() {
        cancellation.cancel();
    }

    /** Gives the answer up, or does nothing if it is complete. */
    @Override
    public void close() {
        // Before the lock is taken: a step in another thread then ends the answer.
        cancel();
        synchronized (this) {
            closed = true;
            if (answering != null) {
                answering.close();
                answering = null;
                slots.release();
            }
        }
    }
}
