package dev.paligemma.checkpoint.internal.safetensors;

import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.FloatBuffer;
import java.util.List;

/** A weight that no range of a file holds as it is. Thread-safe. */
public interface ComputedWeight {

    /** The weight with its own shape, at the place of its codes or of its numbers in another order. */
    TensorInfo info();

    /** The tensors of the file from which it is computed; codes come first. */
    List<TensorInfo> parts();

    /**
     * Computes elements in float32 until the destination is full.
     *
     * @param files where the parts lie
     * @param firstElement the first element, counted row-major from 0; the range lies inside the weight
     * @throws CheckpointException if a file cannot be read or has changed, or the thread is interrupted
     */
    void read(TensorFiles files, long firstElement, FloatBuffer destination);
}
