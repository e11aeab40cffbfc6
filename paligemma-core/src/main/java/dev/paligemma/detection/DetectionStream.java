package dev.paligemma.detection;

import dev.paligemma.generation.AnswerStream;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Boxes while they are written: each is given out as soon as its label is complete. Threads, memory and {@link #close} are as in {@link AnswerStream}.
 *
 * <p>Boxes that are too unsure are left out. Overlapping ones are not, because a better one may still come;
 * {@link #result} leaves them out.
 */
public final class DetectionStream implements Iterator<Detection>, AutoCloseable {
    private final AnswerStream answer;
    private final DetectionParser parser;
    private Optional<Detection> ready = Optional.empty();
    private boolean finished;

    /** The boxes of an answer to come, closed by this, as a parser that has read nothing yet reads it. */
    public DetectionStream(AnswerStream answer, DetectionParser parser) {
        this.answer = answer;
        this.parser = parser;
    }

    /** Writes on until a box is complete, or the answer has ended. It throws what {@link AnswerStream#hasNext} does. */
    @Override
    public synchronized boolean hasNext() {
        while (ready.isEmpty() && !finished) {
            if (answer.hasNext()) {
                ready = answer.next().token().flatMap(parser::accept);
            } else {
                finished = true;
                ready = parser.finish();
            }
        }
        return ready.isPresent();
    }

    /**
     * The next box; see {@link #hasNext} for what may happen. A {@link NoSuchElementException} if the answer is
     * complete.
     */
    @Override
    public synchronized Detection next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the answer is complete");
        }
        Detection detection = ready.orElseThrow();
        ready = Optional.empty();
        return detection;
    }

    /**
     * All boxes and all else that was written, once the answer is complete; until then an {@link
     * IllegalStateException}.
     */
    public synchronized DetectionResult result() {
        if (!finished) {
            throw new IllegalStateException("the answer is not complete: ask for boxes until there is none");
        }
        return parser.result(answer.result());
    }

    /** The remaining boxes as a sequential stream, whose {@link Stream#close} closes this, to be asked for once. */
    public Stream<Detection> detections() {
        int ordered = Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(this, ordered), false)
                .onClose(this::close);
    }

    /** Gives the answer up, or does nothing if it is complete. */
    @Override
    public void close() {
        answer.close();
    }
}
