package dev.paligemma.engine.weights;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.engine.Precision;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;

/**
 * The weights of a network in files: what an engine reads while it compiles a graph. Thread-safe.
 *
 * <p>Tensors go by the names of the {@linkplain dev.paligemma.engine.graph.Weight weights} of graphs. A matrix that is
 * quantised is two tensors instead, of codes and of scales, under the names that {@link MatrixFormat} gives. The files do
 * not change while a source is open.
 *
 * <p>What cannot be found or read is a {@link PaliGemmaException} that names the file; an engine lets it pass.
 */
public interface WeightSource {

    /** Where the weights come from, for messages. */
    Path folder();

    /**
     * What the weights are stored for: {@link Precision#INT8} or {@link Precision#INT4} if the matrices are quantised
     * in the formats of {@link MatrixFormat}; {@link Precision#FLOAT32} otherwise, and then all weights can be read as
     * float32.
     */
    Precision precision();

    /** Tells whether there is a tensor of a name, so that {@link #tensor} finds it. */
    boolean contains(String name);

    /**
     * Finds a tensor by its name.
     *
     * @throws PaliGemmaException if there is no such tensor
     * @throws IllegalStateException if the source is closed
     */
    TensorInfo tensor(String name);

    /**
     * Reads elements of a tensor as float32 until the destination is full: exactly, or, of a weight that is
     * {@linkplain DType#isComputed() computed}, the numbers it stands for. Fails if the file has changed, even where no
     * element is wanted.
     *
     * @param tensor a tensor of this source with a {@linkplain DType#isFloatWeight() type of float weights}
     * @param firstElement the first element to read, counted row-major from 0
     * @param destination takes {@code destination.remaining()} elements and is left without remaining room
     * @throws IllegalArgumentException if the tensor is not of this source or not a float tensor
     * @throws IndexOutOfBoundsException if the tensor does not have that many elements
     * @throws PaliGemmaException if the file cannot be read or has changed, or the thread is interrupted
     * @throws IllegalStateException if the source is closed
     */
    void readFloats(TensorInfo tensor, long firstElement, FloatBuffer destination);

    /**
     * Maps bytes of a tensor into memory. The mapping outlives the source; it goes when the buffer is garbage collected.
     *
     * @param tensor a tensor of this source
     * @param byteFrom the first byte, counted from the start of the tensor
     * @param byteCount the number of bytes, at most 2^31 - 1
     * @return a read-only, little-endian buffer from position 0; its address is not aligned to the elements
     * @throws IllegalArgumentException if the tensor is not of this source or {@linkplain DType#isComputed() computed}, or
     *     {@code byteCount} is over 2^31 - 1
     * @throws IndexOutOfBoundsException if the range is not inside the tensor
     * @throws PaliGemmaException if the file cannot be mapped or has changed, or the thread is interrupted
     * @throws IllegalStateException if the source is closed
     */
    ByteBuffer map(TensorInfo tensor, long byteFrom, long byteCount);
}
