package dev.paligemma.network.internal;

import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;

/**
 * Tensors that later requests use again. Thread-safe.
 *
 * <p>Their memory is outside the Java heap and freed only when the garbage collector happens to run, which it has little
 * reason to do for the few objects of a request.
 */
final class TensorPool {
    private static final long MAX_KEPT = 1L << 28;

    private final long maxKept;
    /** The one that was released last comes first. */
    private final Deque<HostTensor> free = new ArrayDeque<>();

    private long kept;

    TensorPool() {
        this(MAX_KEPT);
    }

    /** A pool that keeps at most so many bytes; what lay unused longest is left to the garbage collector. */
    TensorPool(long maxKept) {
        this.maxKept = maxKept;
    }

    /** A tensor with any content. */
    HostTensor acquire(ElementType type, long... shape) {
        synchronized (this) {
            for (Iterator<HostTensor> all = free.iterator(); all.hasNext(); ) {
                HostTensor tensor = all.next();
                if (tensor.type() == type && Arrays.equals(tensor.shape(), shape)) {
                    all.remove();
                    kept -= bytes(tensor);
                    return tensor;
                }
            }
        }
        return HostTensor.allocate(type, shape);
    }

    /** Takes back a tensor that nobody will read or write any more. */
    synchronized void release(HostTensor tensor) {
        free.push(tensor);
        kept += bytes(tensor);
        // Shapes that nobody asks for any more must not keep out those that are in use.
        while (kept > maxKept) {
            kept -= bytes(free.removeLast());
        }
    }

    private static long bytes(HostTensor tensor) {
        return tensor.bytes().capacity();
    }
}
