package dev.paligemma.onnx;

import dev.paligemma.engine.EngineException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Memory outside the Java heap, where native code can use it. */
final class DirectMemory {
    private DirectMemory() {}

    /**
     * Allocates memory in native byte order.
     *
     * @param what it is for, for the message
     * @throws EngineException if there is not enough
     */
    static ByteBuffer allocate(int bytes, String what) {
        try {
            return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        } catch (OutOfMemoryError e) {
            throw new EngineException(
                    "not enough memory outside the Java heap for " + what + ": " + e.getMessage()
                            + "; raise -XX:MaxDirectMemorySize, or load the model at int8 or int4",
                    e);
        }
    }
}
