package dev.paligemma.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.paligemma.onnx.internal.OnnxGraph;
import dev.paligemma.onnx.internal.OnnxModel;
import dev.paligemma.onnx.internal.OnnxType;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Finds out whether integer products of unsigned by signed bytes are exact here.
 *
 * <p>ONNX Runtime's kernels for x86 processors without VNNI add pairs of such products in 16 bits, which saturate;
 * products of unsigned by unsigned bytes are exact everywhere, and slower on processors with VNNI.
 */
final class ProductProbe {
    private static final int DEPTH = 64;
    private static final int COLUMNS = 32;

    private ProductProbe() {}

    /** Multiplies the largest codes and compares. */
    static boolean unsignedBySignedIsExact(OrtEnvironment environment) throws OrtException {
        OnnxGraph graph = new OnnxGraph("probe");
        graph.input("a", OnnxType.UINT8, COLUMNS, DEPTH);
        graph.input("b", OnnxType.INT8, DEPTH, COLUMNS);
        graph.alias(graph.op("MatMulInteger", List.of("a", "b")), "y");
        graph.output("y", OnnxType.INT32, COLUMNS, COLUMNS);
        try (OnnxSession session =
                        OnnxSession.create(environment, new OnnxModel(graph.toModel(), null, Map.of()), 1, true);
                OnnxTensor a = filled(environment, OnnxJavaType.UINT8, (byte) 255, COLUMNS, DEPTH);
                OnnxTensor b = filled(environment, OnnxJavaType.INT8, (byte) 127, DEPTH, COLUMNS);
                OrtSession.Result result = session.get().run(Map.of("a", a, "b", b))) {
            int[][] products = (int[][]) result.get(0).getValue();
            return Arrays.stream(products).flatMapToInt(Arrays::stream).allMatch(sum -> sum == 255 * 127 * DEPTH);
        }
    }

    private static OnnxTensor filled(OrtEnvironment environment, OnnxJavaType type, byte value, int rows, int columns)
            throws OrtException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(rows * columns);
        while (buffer.hasRemaining()) {
            buffer.put(value);
        }
        return OnnxTensor.createTensor(environment, buffer.flip(), new long[] {rows, columns}, type);
    }
}
