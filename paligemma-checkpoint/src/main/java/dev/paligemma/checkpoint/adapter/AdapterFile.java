package dev.paligemma.checkpoint.adapter;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/**
 * Reads the numbers of an adapter, all of which must be finite. Thread-safe.
 *
 * @param tensors by the names that PEFT gives them
 * @param stored those that the file has under other names, as there; by the names that PEFT gives them
 * @param transposed the names of the matrices that lie the other way round in the file
 */
record AdapterFile(
        SafeTensorsFile file, Map<String, TensorInfo> tensors, Map<String, TensorInfo> stored, Set<String> transposed) {
    AdapterFile {
        tensors = Collections.unmodifiableMap(tensors);
        stored = Map.copyOf(stored);
        transposed = Set.copyOf(transposed);
    }

    /** A file of PEFT. */
    AdapterFile(SafeTensorsFile file) {
        this(file, file.tensors(), Map.of(), Set.of());
    }

    /** All numbers of a tensor, whose size has been compared with the base model. */
    float[] read(TensorInfo tensor) {
        float[] values = new float[Math.toIntExact(tensor.elementCount())];
        read(tensor, 0, values, values.length);
        return values;
    }

    /** Some numbers of a tensor, row-major; of a transposed one, all of them. */
    void read(TensorInfo tensor, long first, float[] values, int count) {
        TensorInfo original = stored.getOrDefault(tensor.name(), tensor);
        boolean turned = transposed.contains(tensor.name());
        if (turned && (first != 0 || count != tensor.elementCount())) {
            throw new IllegalArgumentException("a transposed tensor is read as a whole: " + tensor);
        }
        try {
            file.readFloats(original, first, FloatBuffer.wrap(values, 0, count));
        } catch (CheckpointException e) {
            throw AdapterException.of(e);
        }
        for (int i = 0; i < count; i++) {
            if (!Float.isFinite(values[i])) {
                throw new AdapterException(file.path() + ": element " + (first + i) + " of "
                        + Quote.quote(original.name()) + " is " + values[i] + ", expected finite numbers only");
            }
        }
        if (turned) {
            float[] rows = ModuleReader.transposed(values, Math.toIntExact(original.shape()[0]));
            System.arraycopy(rows, 0, values, 0, count);
        }
    }
}
