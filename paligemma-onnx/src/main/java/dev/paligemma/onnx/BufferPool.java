package dev.paligemma.onnx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Direct buffers for key/value caches, used again by later requests. Thread-safe.
 *
 * <p>Java 17 frees direct memory only when the garbage collector happens to run; without reuse, the native memory of a
 * busy program would grow far beyond what its requests need.
 */
final class BufferPool {
    /** Bytes kept for later at most; more than that is left to the garbage collector. */
    private static final long MAX_KEPT = 1L << 29;

    private static final int SMALLEST = 1 << 12;

    private final Map<Integer, Deque<ByteBuffer>> free = new HashMap<>();
    private long kept;

    /** A buffer of zeros of at least that many bytes, in native order; its limit is the number of bytes. */
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
        int size = sizeClass(Math.toIntExact(bytes));
        ByteBuffer buffer;
        synchronized (this) {
            Deque<ByteBuffer> same = free.get(size);
            buffer = same == null ? null : same.poll();
            if (buffer != null) {
                kept -= size;
            }
        }
        if (buffer == null) {
            buffer = ByteBuffer.allocateDirect(size);
        }
        return buffer.clear().limit((int) bytes).order(ByteOrder.nativeOrder());
    }

    /** Takes back a buffer that nothing refers to any more. */
    synchronized void release(ByteBuffer buffer) {
        int size = buffer.capacity();
        if (kept + size <= MAX_KEPT) {
            free.computeIfAbsent(size, key -> new ArrayDeque<>()).push(buffer);
            kept += size;
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
        return (int) Math.min(Integer.MAX_VALUE - 8L, ((long) bytes + step - 1) / step * step);
    }
}
