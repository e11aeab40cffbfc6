package dev.paligemma.checkpoint.adapter;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.FloatBuffer;
import java.util.Map;

/** Reads the numbers of an adapter, all of which must be finite. Thread-safe. */
record AdapterFile(SafeTensorsFile file) {
    Map<String, TensorInfo> tensors() {
        return file.tensors();
    }

    /** All numbers of a tensor, whose size has been compared with the base model. */
    float[] read(TensorInfo tensor) {
        float[] values = new float[Math.toIntExact(tensor.elementCount())];
        read(tensor, 0, values, values.length);
        return values;
    }

    /** Some numbers of a tensor, row-major. */
    void read(TensorInfo tensor, long first, float[] values, int count) {
        try {
            file.readFloats(tensor, first, FloatBuffer.wrap(values, 0, count));
        } catch (CheckpointException e) {
            throw AdapterException.of(e);
        }
        for (int i = 0; i < count; i++) {
            if (!Float.isFinite(values[i])) {
                throw new AdapterException(file.path() + ": element " + (first + i) + " of "
                        + Quote.quote(tensor.name()) + " is " + values[i] + ", expected finite numbers only");
            }
        }
    }
}
