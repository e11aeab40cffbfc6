package dev.paligemma.checkpoint.internal.bitsandbytes;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** Takes the tensors that belong to one quantised weight out of a map by canonical name, and checks each. */
record QuantisedParts(Path folder, String weight, Map<String, TensorInfo> tensors) {
    /** A tensor of any type and size. */
    public TensorInfo take(String name) {
        TensorInfo tensor = tensors.remove(name);
        if (tensor == null) {
            throw new CheckpointException(folder + ": quantised weight " + weight + ": " + name + " is missing");
        }
        return tensor;
    }

    /** A tensor of a type and any size. */
    public TensorInfo take(String name, DType dtype) {
        TensorInfo tensor = take(name);
        if (tensor.dtype() != dtype) {
            throw wrong(tensor, dtype.toString());
        }
        return tensor;
    }

    /** A tensor of a type and a number of elements, in any shape. */
    public TensorInfo take(String name, DType dtype, long elements) {
        TensorInfo tensor = take(name, dtype);
        if (tensor.elementCount() != elements) {
            throw wrong(tensor, dtype + " with " + elements + " elements");
        }
        return tensor;
    }

    /** The exception for a tensor that is not what it must be. */
    public CheckpointException wrong(TensorInfo got, String expected) {
        return new CheckpointException(got.file() + ": quantised weight " + weight + ": " + Quote.quote(got.name())
                + " is " + got.dtype() + Arrays.toString(got.shape()) + ", expected " + expected);
    }
}
