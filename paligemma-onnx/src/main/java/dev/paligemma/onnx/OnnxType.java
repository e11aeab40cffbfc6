package dev.paligemma.onnx;

import dev.paligemma.engine.graph.ElementType;

/** Element types of ONNX tensors and their numbers in {@code TensorProto.DataType}. */
enum OnnxType {
    FLOAT(1),
    INT64(7),
    BOOL(9),
    FLOAT16(10),
    BFLOAT16(16);

    final int number;

    OnnxType(int number) {
        this.number = number;
    }

    static OnnxType of(ElementType type) {
        return switch (type) {
            case FLOAT32 -> FLOAT;
            case INT64 -> INT64;
        };
    }
}
