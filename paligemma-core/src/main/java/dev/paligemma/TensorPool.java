package dev.paligemma;

import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Tensors that later requests use again. Thread-safe.
 *
 * <p>Their memory is outside the Java heap and freed only when the garbage collector happens to run, which it has little
 * reason to do for the few objects of a request.
 */
final class TensorPool {
    /** Bytes kept for later at most; what is more is left to the garbage collector. */
    private static final long MAX_KEPT = 1L << 28;

    private record Kind(ElementType type, List<Long> shape) {
        static Kind of(HostTensor tensor) {
            return new Kind(tensor.type(), Arrays.stream(tensor.shape()).boxed().toList());
        }
    }

    private final Map<Kind, Deque<HostTensor>> free = new HashMap<>();
    private long kept;

    /** A tensor with any content. */
    HostTensor acquire(ElementType type, long... shape) {
        Kind kind = new Kind(type, Arrays.stream(shape).boxed().toList());
        synchronized (this) {
            Deque<HostTensor> same = free.get(kind);
            HostTensor tensor = same == null ? null : same.poll();
            if (tensor != null) {
                kept -= tensor.bytes().capacity();
                return tensor;
            }
        }
        return HostTensor.allocate(type, shape);
    }

    /** Takes back a tensor that nobody will read or write any more. */
    synchronized void release(HostTensor tensor) {
        long bytes = tensor.bytes().capacity();
        if (kept + bytes <= MAX_KEPT) {
            free.computeIfAbsent(Kind.of(tensor), kind -> new ArrayDeque<>()).push(tensor);
            kept += bytes;
        }
    }
}
