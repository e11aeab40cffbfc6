package dev.paligemma.onnx;

import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.onnx.internal.Attribute;
import dev.paligemma.onnx.internal.OnnxGraph;
import java.util.ArrayList;
import java.util.List;

/** Products in single precision. */
final class FloatProducts implements Products {
    private final OnnxGraph target;
    private final EmittedValues values;
    private final Weights weights;

    FloatProducts(OnnxGraph target, EmittedValues values, Weights weights) {
        this.target = target;
        this.values = values;
        this.weights = weights;
    }

    @Override
    public void linear(Operation.Linear operation, Node node) {
        LinearWeights linear = operation.parameters();
        List<String> in = new ArrayList<>(List.of(values.rows(node.input(0)), weights.float32(linear.weight())));
        if (linear.bias() != null) {
            in.add(weights.float32(linear.bias()));
        }
        values.put(node.output(), target.op("Gemm", in, Attribute.of("transB", 1)));
    }

    @Override
    public void embedding(Operation.Embedding operation, Node node) {
        String rows = target.op(
                "Gather",
                List.of(weights.stored(operation.table()), values.rows(node.input(0))),
                Attribute.of("axis", 0));
        values.put(node.output(), weights.isFloat32(operation.table()) ? rows : target.castToFloat(rows));
    }
}
