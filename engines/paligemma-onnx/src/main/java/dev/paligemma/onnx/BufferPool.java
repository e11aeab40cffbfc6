package dev.paligemma.onnx;

import dev.paligemma.engine.EngineException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Direct buffers for key/value caches, used again by later requests. Thread-safe.
 *
 * <p>Java 17 frees direct memory only when the garbage collector happens to run; without reuse, the native memory of a
 * busy program would grow far beyond what its requests need.
 */
final class BufferPool {
    /** Bytes kept for later at most; what lay unused longest is left to the garbage collector. */
    private static final long MAX_KEPT = 1L << 29;

    /** The largest array of bytes; a direct buffer could have a few more. */
    private static final int MAX_BYTES = Integer.MAX_VALUE - 8;

    private static final int SMALLEST = 1 << 12;

    /** The one that was released last comes first. */
    private final Deque<ByteBuffer> free = new ArrayDeque<>();

    private long kept;

    /**
     * A buffer of zeros of at least that many bytes, in native order; its limit is the number of bytes.
     *
     * @throws EngineException if no buffer can be that large
     */
    ByteBuffer acquire(long bytes) {
        ByteBuffer buffer = acquireUncleared(bytes);
        // What an earlier request left must not reach this one, not even through a hidden row.
        buffer.clear();
        while (buffer.remaining() >= Long.BYTES) {
            buffer.putLong(0);
        }
        return buffer.clear().limit((int) bytes);
    }

    /** The same with any content, for a caller that overwrites all of it. */
    ByteBuffer acquireUncleared(long bytes) {
        if (bytes > MAX_BYTES) {
            throw new EngineException("a key/value cache needs " + bytes + " bytes for one layer, at most " + MAX_BYTES
                    + " are possible; run fewer sequences together");
        }
        int size = sizeClass((int) bytes);
        ByteBuffer buffer = poll(size);
        if (buffer == null) {
            buffer = DirectMemory.allocate(size, "a key/value cache");
        }
        return buffer.clear().limit((int) bytes).order(ByteOrder.nativeOrder());
    }

    private synchronized @Nullable ByteBuffer poll(int size) {
        for (Iterator<ByteBuffer> all = free.iterator(); all.hasNext(); ) {
            ByteBuffer buffer = all.next();
            if (buffer.capacity() == size) {
                all.remove();
                kept -= size;
                return buffer;
            }
        }
        return null;
    }

    /** Takes back a buffer that nothing refers to any more. */
    synchronized void release(ByteBuffer buffer) {
        free.push(buffer);
        kept += buffer.capacity();
        // Sizes that nobody asks for any more must not keep out those that are in use.
        while (kept > MAX_KEPT) {
            kept -= free.removeLast().capacity();
        }
    }

    /** Drops all buffers. */
    synchronized void clear() {
        free.clear();
        kept = 0;
    }

    /** Rounds up to an eighth of a power of two, so that similar requests share buffers and little is wasted. */
    private static int sizeClass(int bytes) {
        if (bytes <= SMALLEST) {
            return SMALLEST;
        }
        int step = Integer.highestOneBit(bytes - 1) >>> 3;
        return (int) Math.min(MAX_BYTES, ((long) bytes + step - 1) / step * step);
    }
}
