package dev.paligemma.generation;

import dev.paligemma.tokenizer.StreamingDecoder;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * An answer while it is written, token by token. Made by {@link dev.paligemma.PaliGemmaPipeline#stream}.
 *
 * <pre>{@code
 * try (AnswerStream answer = pipeline.stream(request)) {
 *     answer.forEachRemaining(piece -> System.out.print(piece.text()));
 * }
 * }</pre>
 *
 * <p>The network runs in the thread that asks for the next piece, and only then; nothing runs in between. From the first
 * piece to the last, or to {@link #close}, the stream occupies one of the pipeline's concurrent requests and its memory.
 * With stop strings a call may write several tokens, while it is not known whether they belong to one.
 * The texts together are {@link GenerationResult#text}, except that broken UTF-8 within an answer may be replaced
 * differently; see {@link StreamingDecoder}.
 *
 * <p>Pieces are for one thread at a time. {@link #close} may be called from any thread: it waits for the step of the
 * network that is running, frees everything, and later calls of {@link #hasNext} fail.
 */
public interface AnswerStream extends Iterator<TextPiece>, AutoCloseable {
    /**
     * Writes the next token unless that is done, and tells whether there is another piece, or finds that the answer has
     * ended. The first call runs images and prompt.
     *
     * @throws RequestException if images and prompt are longer than the model can take
     * @throws RequestCancelledException if the stream was closed before the end, the thread is interrupted, or the time
     *     of the request is over
     * @throws TooManyRequestsException if as many requests wait as may; the stream has then ended
     * @throws IllegalStateException if the pipeline is closed
     */
    @Override
    boolean hasNext();

    /**
     * The next piece; see {@link #hasNext} for what may happen. A {@link NoSuchElementException} if the answer is
     * complete.
     */
    @Override
    TextPiece next();

    /** The whole answer, once it is complete; until then an {@link IllegalStateException}. */
    GenerationResult result();

    /** The remaining pieces as a sequential stream, whose {@link Stream#close} closes this, to be asked for once. */
    default Stream<TextPiece> pieces() {
        int ordered = Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(this, ordered), false)
                .onClose(this::close);
    }

    /** Gives the answer up, or does nothing if it is complete. */
    @Override
    void close();
}
