package dev.paligemma.onnx;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.engine.weights.WeightSource;
import dev.paligemma.onnx.internal.OnnxGraph;
import dev.paligemma.onnx.internal.OnnxType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts weights into an ONNX graph without copying the large ones: they become external constants that point into the
 * checkpoint's own files. Confined to one thread.
 *
 * <p>Weights stored in 16 bits are followed by a cast, which ONNX Runtime evaluates once while it loads the model; the
 * 16-bit original is then only a file mapping that the system may drop.
 *
 * <p>Of quantised weights no file holds the numbers. They become external constants too, which whoever makes the session
 * has to supply.
 */
final class MappedWeights implements Weights {
    private final OnnxGraph graph;
    private final WeightSource source;
    private final WeightValues values;
    private final Map<String, String> written = new HashMap<>();
    private final Map<String, Weight> computed = new LinkedHashMap<>();
    private final ExternalFiles files = new ExternalFiles();

    MappedWeights(OnnxGraph graph, WeightSource source) {
        this.graph = graph;
        this.source = source;
        this.values = new WeightValues(source);
    }

    /** Writes the external constants into the graph, when no more will come; the folder that they are sought from, or null. */
    @Nullable
    Path writeExternals() {
        return files.writeTo(graph, source.folder());
    }

    /** The weights whose numbers the session has to be given, by the names of their constants. */
    Map<String, Weight> computed() {
        return computed;
    }

    /** Vectors, which are small, are written into the model itself. */
    @Override
    public String float32(Weight weight) {
        if (weight.shape().size() == 1) {
            return plus(weight, 0);
        }
        return isFloat32(weight) ? stored(weight) : cast(weight);
    }

    @Override
    public String plus(Weight weight, float addend) {
        return written.computeIfAbsent(weight + " plus " + addend, key -> {
            float[] sums = values.plus(weight, addend);
            return graph.constant(key, sums, sums.length);
        });
    }

    @Override
    public String stored(Weight weight) {
        return written.computeIfAbsent(weight + " stored", key -> {
            TensorInfo info = values.find(weight);
            long[] dims = weight.shape().stream().mapToLong(Long::longValue).toArray();
            if (info.dtype().isComputed()) {
                computed.put(key, weight);
                long bytes = Math.multiplyExact(info.elementCount(), OnnxType.FLOAT.bytes);
                return graph.external(key, OnnxType.FLOAT, "computed", 0, bytes, dims);
            }
            return external(key, typeOf(info), info, dims);
        });
    }

    @Override
    public boolean has(Weight weight, MatrixFormat format) {
        return source.contains(format.codes(weight.name()));
    }

    @Override
    public String codes(Weight weight, MatrixFormat format, long... dims) {
        // One range of the file may stand under several names: operators want it in different shapes.
        return written.computeIfAbsent(
                format.codes(weight.name()) + Arrays.toString(dims),
                key -> external(key, OnnxType.UINT8, source.tensor(format.codes(weight.name())), dims));
    }

    @Override
    public String blockScales(Weight weight, MatrixFormat format) {
        return written.computeIfAbsent(
                format.scales(weight.name()),
                key -> external(
                        key, OnnxType.FLOAT, source.tensor(key), weight.size(0), MatrixFormat.blocks(weight.size(1))));
    }

    @Override
    public String channelScales(Weight weight) {
        return written.computeIfAbsent(
                weight + " channel scales",
                key -> graph.constant(key, values.channelScales(weight), weight.size(0), 1));
    }

    private String external(String name, OnnxType type, TensorInfo info, long... dims) {
        long bytes = Arrays.stream(dims).reduce(type.bytes, Math::multiplyExact);
        if (bytes != info.byteLength()) {
            throw new EngineException("tensor " + info + " holds " + info.byteLength() + " bytes, expected " + bytes
                    + " for " + type + Arrays.toString(dims));
        }
        files.add(name, type, info.file(), info.offset(), bytes, dims);
        return name;
    }

    private String cast(Weight weight) {
        String stored = stored(weight);
        return written.computeIfAbsent(weight + " cast", key -> graph.castToFloat(stored));
    }

    @Override
    public boolean isFloat32(Weight weight) {
        DType dtype = values.find(weight).dtype();
        return dtype == DType.F32 || dtype.isComputed();
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
