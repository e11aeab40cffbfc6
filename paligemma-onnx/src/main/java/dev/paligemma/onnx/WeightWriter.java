package dev.paligemma.onnx;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.checkpoint.Checkpoint;
import dev.paligemma.engine.checkpoint.DType;
import dev.paligemma.engine.checkpoint.TensorInfo;
import dev.paligemma.engine.graph.Weight;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts weights into an ONNX graph without copying the large ones: they become external constants that point into the
 * checkpoint's own files. Confined to one thread.
 *
 * <p>Weights stored in 16 bits are followed by a cast, which ONNX Runtime evaluates once while it loads the model; the
 * 16-bit original is then only a file mapping that the system may drop.
 */
final class WeightWriter {
    private final OnnxGraph graph;
    private final Checkpoint checkpoint;
    private final Map<String, String> written = new HashMap<>();
    private @Nullable Path folder;

    WeightWriter(OnnxGraph graph, Checkpoint checkpoint) {
        this.graph = graph;
        this.checkpoint = checkpoint;
    }

    /** The folder that holds all external constants written so far, or null if there are none. */
    @Nullable
    Path folder() {
        return folder;
    }

    /** A weight in single precision; vectors, which are small, are written into the model itself. */
    String float32(Weight weight) {
        if (weight.shape().size() == 1) {
            return plus(weight, 0);
        }
        return isFloat32(weight) ? stored(weight) : cast(weight);
    }

    /** A vector with a constant added to each element, in single precision. */
    String plus(Weight weight, float addend) {
        return written.computeIfAbsent(weight + " plus " + addend, key -> {
            TensorInfo info = find(weight);
            float[] values = new float[Math.toIntExact(info.elementCount())];
            checkpoint.readFloats(info, 0, FloatBuffer.wrap(values));
            for (int i = 0; i < values.length; i++) {
                values[i] += addend;
            }
            return graph.constant(key, values, values.length);
        });
    }

    /** A weight in the type in which it is stored. */
    String stored(Weight weight) {
        return written.computeIfAbsent(weight + " stored", key -> {
            TensorInfo info = find(weight);
            Path parent = info.file().getParent();
            if (folder == null) {
                folder = parent;
            } else if (!folder.equals(parent)) {
                throw new EngineException("ONNX Runtime reads weights from one folder only, but after symbolic links"
                        + " the checkpoint's files lie in " + folder + " and " + parent);
            }
            long[] dims = weight.shape().stream().mapToLong(Long::longValue).toArray();
            String file = info.file().getFileName().toString();
            return graph.external(weight + " stored", typeOf(info), file, info.offset(), info.byteLength(), dims);
        });
    }

    private String cast(Weight weight) {
        String stored = stored(weight);
        return written.computeIfAbsent(weight + " cast", key -> graph.castToFloat(stored));
    }

    private TensorInfo find(Weight weight) {
        TensorInfo info = checkpoint.tensor(weight.name());
        if (info.elementCount() != weight.elementCount()) {
            throw new EngineException("weight " + weight + " is stored with " + info.elementCount()
                    + " elements, expected " + weight.elementCount());
        }
        return info;
    }

    /** Whether the weight is stored in single precision, so that {@link #stored} needs no cast. */
    boolean isFloat32(Weight weight) {
        return find(weight).dtype() == DType.F32;
    }

    private static OnnxType typeOf(TensorInfo info) {
        return switch (info.dtype()) {
            case F32 -> OnnxType.FLOAT;
            case BF16 -> OnnxType.BFLOAT16;
            case F16 -> OnnxType.FLOAT16;
            default ->
                throw new EngineException(
                        "weight " + info.name() + " is stored as " + info.dtype() + ", expected F32, BF16 or F16");
        };
    }
}
