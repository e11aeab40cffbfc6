package dev.paligemma.pytorch;

import ai.djl.pytorch.engine.PtNDArray;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.checkpoint.Checkpoint;
import dev.paligemma.engine.checkpoint.DType;
import dev.paligemma.engine.checkpoint.TensorInfo;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Weight;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads weights of a checkpoint as tensors in single precision.
 *
 * <p>Those stored so are mapped and used where they lie in the file. Others are widened, once, into memory of torch, which
 * the limit of the JVM on direct buffers does not count.
 */
final class WeightLoader {
    private static final int CHUNK = 1 << 20;

    private final Checkpoint checkpoint;
    private final TorchModule module;
    private final TensorScope scope;

    /** A loader of tensors that belong to a scope. */
    WeightLoader(Checkpoint checkpoint, TorchModule module, TensorScope scope) {
        this.checkpoint = checkpoint;
        this.module = module;
        this.scope = scope;
    }

    /** The list of weights that a script takes. */
    List<PtNDArray> load(List<Operand> operands) {
        List<PtNDArray> tensors = new ArrayList<>();
        for (Operand operand : operands) {
            tensors.add(load(operand));
        }
        return tensors;
    }

    private PtNDArray load(Operand operand) {
        TensorInfo info = find(operand.weight());
        boolean aligned = info.offset() % Float.BYTES == 0;
        if (info.dtype() == DType.F32 && operand.addend() == 0 && aligned) {
            long bytes = operand.elements() * Float.BYTES;
            ByteBuffer mapped = checkpoint.map(info, operand.firstElement() * Float.BYTES, bytes);
            return scope.view(ElementType.FLOAT32, mapped, operand.shape());
        }
        return widen(operand, info);
    }

    /** Where a weight lies, checked to have as many elements as the graph expects. */
    private TensorInfo find(Weight weight) {
        TensorInfo info = checkpoint.tensor(weight.name());
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

    private PtNDArray widen(Operand operand, TensorInfo info) {
        PtNDArray target = scope.allocate(ElementType.FLOAT32, operand.shape());
        float[] chunk = new float[(int) Math.min(CHUNK, operand.elements())];
        for (long done = 0; done < operand.elements(); done += chunk.length) {
            int count = (int) Math.min(chunk.length, operand.elements() - done);
            checkpoint.readFloats(info, operand.firstElement() + done, FloatBuffer.wrap(chunk, 0, count));
            if (operand.addend() != 0) {
                for (int i = 0; i < count; i++) {
                    chunk[i] += operand.addend();
                }
            }
            put(target, done, chunk, count);
        }
        return target;
    }

    private void put(PtNDArray target, long first, float[] chunk, int count) {
        ByteBuffer part = ByteBuffer.allocateDirect(count * Float.BYTES).order(ByteOrder.nativeOrder());
        part.asFloatBuffer().put(chunk, 0, count);
        try (TensorScope parts = scope.inner()) {
            module.call(
                            "fill",
                            parts.tensor(target),
                            parts.integer(first),
                            parts.tensor(parts.view(ElementType.FLOAT32, part, count)))
                    .close();
        }
    }
}
