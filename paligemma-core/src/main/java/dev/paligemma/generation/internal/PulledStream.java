package dev.paligemma.generation.internal;

import java.util.Iterator;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** What an iterator still has, as a stream that computes nothing ahead. */
public final class PulledStream {
    private PulledStream() {}

    /** The remaining elements in order, to be asked for once; closing the stream runs the action. */
    public static <T> Stream<T> of(Iterator<T> iterator, Runnable onClose) {
        int ordered = Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator, ordered), false)
                .onClose(onClose);
    }
}
