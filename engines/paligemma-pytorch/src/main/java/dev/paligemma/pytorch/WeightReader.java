package dev.paligemma.pytorch;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.engine.weights.WeightSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Reads weights that are not used as they lie in their file, in float32 and piece by piece. Confined to one thread. */
final class WeightReader {
    private static final int CHUNK = 1 << 20;

    private final WeightSource source;

    WeightReader(WeightSource source) {
        this.source = source;
    }

    /** Takes numbers of a weight. */
    @FunctionalInterface
    interface Sink {
        /**
         * Takes some.
         *
         * @param first the place of the first of them among all that are read
         * @param numbers float32, direct, from its first byte; used again for the next ones
         */
        void take(long first, ByteBuffer numbers);
    }

    /** Where a weight lies, checked to have as many elements as the graph expects. */
    TensorInfo find(Weight weight) {
        TensorInfo info = source.tensor(weight.name());
        if (info.elementCount() != weight.elementCount()) {
            throw new EngineException("weight " + weight + " is stored with " + info.elementCount()
                    + " elements, expected " + weight.elementCount());
        }
        if (!info.dtype().isFloatWeight()) {
            throw new EngineException(
                    "weight " + weight + " is stored as " + info.dtype() + ", expected F32, BF16 or F16");
        }
        return info;
    }

    /** Reads all numbers of an operand, in order. */
    void read(Operand operand, TensorInfo info, Sink sink) {
        read(operand, info, 1, sink);
    }

    /** The same in whole groups of numbers that belong together, but for the last one: about a million at once. */
    void read(Operand operand, TensorInfo info, long group, Sink sink) {
        long most = Math.max(1, CHUNK / group) * group;
        int longest = Math.toIntExact(Math.min(most, operand.elements()));
        float[] chunk = new float[longest];
        ByteBuffer memory = ByteBuffer.allocateDirect(Math.multiplyExact(longest, Float.BYTES))
                .order(ByteOrder.nativeOrder());
        for (long done = 0; done < operand.elements(); done += longest) {
            int count = (int) Math.min(longest, operand.elements() - done);
            source.readFloats(info, operand.firstElement() + done, FloatBuffer.wrap(chunk, 0, count));
            if (operand.addend() != 0) {
                for (int i = 0; i < count; i++) {
                    chunk[i] += operand.addend();
                }
            }
            memory.asFloatBuffer().put(chunk, 0, count);
            sink.take(done, memory.slice(0, count * Float.BYTES).order(ByteOrder.nativeOrder()));
        }
    }
}
