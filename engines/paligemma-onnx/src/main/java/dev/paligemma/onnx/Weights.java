package dev.paligemma.onnx;

import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.MatrixFormat;

/** Gives the weights of a graph names in the ONNX graph, as constants or as inputs. Confined to one thread. */
interface Weights {

    /** A weight in single precision. */
    String float32(Weight weight);

    /** A vector with a constant added to each element, in single precision. */
    String plus(Weight weight, float addend);

    /** A weight in the floating-point type in which it is stored; a quantised one in single precision. */
    String stored(Weight weight);

    /** Whether {@link #stored} gives the weight in single precision, so that it needs no cast. */
    boolean isFloat32(Weight weight);

    /** Whether the weight is stored in that format. */
    boolean has(Weight weight, MatrixFormat format);

    /**
     * The codes of a quantised matrix, {@code uint8}, in the shape that the caller's operator wants.
     *
     * @param dims sizes whose product is the number of bytes stored
     */
    String codes(Weight weight, MatrixFormat format, long... dims);

    /** The scales of a quantised matrix, {@code float32[out, blocks]}. */
    String blockScales(Weight weight, MatrixFormat format);

    /** The scales of a matrix in {@link MatrixFormat#INT8_CHANNELS}, one per channel: {@code float32[out, 1]}. */
    String channelScales(Weight weight);
}
