package dev.paligemma.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.engine.weights.WeightSource;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/** Computes weights that no file holds as numbers, only as codes and scales, into memory outside the Java heap. */
final class ComputedWeights {
    private ComputedWeights() {}

    /**
     * Computes weights.
     *
     * @param weights by the name that the model has for each
     * @param scope owns the result
     * @return {@code float32} in the shape of each weight, by the same names
     * @throws EngineException if there is not enough memory
     */
    static Map<String, OnnxTensor> of(Map<String, Weight> weights, WeightSource source, TensorScope scope)
            throws OrtException {
        Map<String, OnnxTensor> computed = new LinkedHashMap<>();
        for (Map.Entry<String, Weight> entry : weights.entrySet()) {
            Weight weight = entry.getValue();
            long[] dims = weight.shape().stream().mapToLong(Long::longValue).toArray();
            computed.put(entry.getKey(), scope.floats(floats(source, weight), dims));
        }
        return computed;
    }

    private static ByteBuffer floats(WeightSource source, Weight weight) {
        TensorInfo info = source.tensor(weight.name());
        long most = Integer.MAX_VALUE / Float.BYTES;
        if (info.elementCount() > most) {
            throw new EngineException("quantised weight " + info + " has " + info.elementCount()
                    + " elements, expected at most " + most + " in single precision");
        }
        ByteBuffer buffer = DirectMemory.allocate(
                (int) info.elementCount() * Float.BYTES, "quantised weight " + info + " in single precision");
        source.readFloats(info, 0, buffer.asFloatBuffer());
        return buffer;
    }
}
