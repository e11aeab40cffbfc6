package dev.paligemma.checkpoint.internal.safetensors;

import dev.paligemma.engine.weights.TensorInfo;
import java.nio.FloatBuffer;
import java.util.List;

/** A weight that no range of a file holds as it is. Thread-safe. */
public interface ComputedWeight {
    /** The weight with its own shape, at the place of its codes or of its numbers in another order. */
    TensorInfo info();

    /** The tensors of the file from which it is computed; codes come first. */
    List<TensorInfo> parts();

    /** Computes elements, counted row-major and all inside the weight, in float32 until the destination is full. */
    void read(TensorFiles files, long firstElement, FloatBuffer destination);
}
