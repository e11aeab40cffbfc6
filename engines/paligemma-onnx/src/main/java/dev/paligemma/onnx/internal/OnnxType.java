package dev.paligemma.onnx.internal;

import dev.paligemma.engine.graph.ElementType;

/** Element types of ONNX tensors and their numbers in {@code TensorProto.DataType}. */
public enum OnnxType {
    FLOAT(1, 4),
    UINT8(2, 1),
    INT8(3, 1),
    INT32(6, 4),
    INT64(7, 8),
    BOOL(9, 1),
    FLOAT16(10, 2),
    BFLOAT16(16, 2);

    public final int number;
    /** The size of one element. */
    public final long bytes;

    OnnxType(int number, long bytes) {
        this.number = number;
        this.bytes = bytes;
    }

    public static OnnxType of(ElementType type) {
        return switch (type) {
            case FLOAT32 -> FLOAT;
            case INT64 -> INT64;
        };
    }
}
