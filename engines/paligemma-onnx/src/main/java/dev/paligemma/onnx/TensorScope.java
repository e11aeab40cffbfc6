package dev.paligemma.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Owns ONNX Runtime's handles to memory that is ours. Confined to one thread at a time. */
final class TensorScope implements AutoCloseable {
    private final OrtEnvironment environment;
    private final List<OnnxTensor> tensors = new ArrayList<>();

    TensorScope(OrtEnvironment environment) {
        this.environment = environment;
    }

    /** A handle to the tensor's own memory. */
    OnnxTensor view(HostTensor tensor) throws OrtException {
        return tensor.type() == ElementType.FLOAT32
                ? floats(tensor.bytes(), tensor.shape())
                : keep(OnnxTensor.createTensor(environment, tensor.longs(), tensor.shape()));
    }

    /** A handle to float32 in a direct buffer, which must be in native byte order. */
    OnnxTensor floats(ByteBuffer buffer, long... shape) throws OrtException {
        return keep(OnnxTensor.createTensor(environment, buffer.asFloatBuffer(), shape));
    }

    /** A handle to unsigned bytes in a direct buffer. */
    OnnxTensor bytes(ByteBuffer buffer, long... shape) throws OrtException {
        return keep(OnnxTensor.createTensor(environment, buffer, shape, OnnxJavaType.UINT8));
    }

    private OnnxTensor keep(OnnxTensor tensor) {
        tensors.add(tensor);
        return tensor;
    }

    /** Frees the handles, not the memory. */
    @Override
    public void close() {
        tensors.forEach(OnnxTensor::close);
        tensors.clear();
    }
}
