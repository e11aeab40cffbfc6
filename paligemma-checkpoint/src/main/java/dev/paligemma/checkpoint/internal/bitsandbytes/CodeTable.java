package dev.paligemma.checkpoint.internal.bitsandbytes;

import dev.paligemma.checkpoint.internal.safetensors.TensorFiles;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.FloatBuffer;

/** What each code of a quantised weight stands for, as the file says. Immutable and thread-safe. */
public final class CodeTable {
    private final TensorInfo stored;
    private final float[] values;

    private CodeTable(TensorInfo stored, float[] values) {
        this.stored = stored;
        this.values = values;
    }

    /** Reads a table of F32, whose size has been checked. */
    public static CodeTable read(TensorInfo stored, TensorFiles files) {
        float[] values = new float[Math.toIntExact(stored.elementCount())];
        files.readFloats(stored, 0, FloatBuffer.wrap(values));
        return new CodeTable(stored, values);
    }

    public TensorInfo stored() {
        return stored;
    }

    public float value(int code) {
        return values[code];
    }
}
