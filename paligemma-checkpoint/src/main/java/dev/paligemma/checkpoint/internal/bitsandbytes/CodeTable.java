package dev.paligemma.checkpoint.internal.bitsandbytes;

import dev.paligemma.checkpoint.internal.safetensors.TensorFiles;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.FloatBuffer;

/** What each code of a quantised weight stands for, as the file says. Immutable and thread-safe. */
record CodeTable(TensorInfo stored, float[] values) {
    /** Reads a table of F32, whose size has been checked. */
    public static CodeTable read(TensorInfo stored, TensorFiles files) {
        float[] values = new float[Math.toIntExact(stored.elementCount())];
        files.readFloats(stored, 0, FloatBuffer.wrap(values));
        return new CodeTable(stored, values);
    }

    public float value(int code) {
        return values[code];
    }
}
