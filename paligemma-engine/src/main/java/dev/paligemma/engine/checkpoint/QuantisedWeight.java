package dev.paligemma.engine.checkpoint;

import java.nio.FloatBuffer;
import java.util.List;

/** A weight that is stored as codes and scales. Immutable and thread-safe. */
sealed interface QuantisedWeight permits Int8Weight, FourBitWeight {

    /** The weight with its own shape, at the place of its codes. */
    TensorInfo info();

    /** The tensors of the file from which it is computed, the codes first. */
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
