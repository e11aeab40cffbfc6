package dev.paligemma.onnx;

import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.onnx.internal.Attribute;
import dev.paligemma.onnx.internal.OnnxGraph;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The names under which a graph's tensors stand in the ONNX graph: as rows, {@code [T, D]}, or as columns,
 * {@code [D, T]}, or both. Confined to one thread.
 *
 * <p>Integer products give columns. Operations that treat every element alike go on with columns, and the transposition
 * happens where rows are needed, on smaller tensors.
 */
final class EmittedValues {
    private final OnnxGraph target;
    private final Map<Tensor, String> rows = new HashMap<>();
    private final Map<Tensor, String> columns = new HashMap<>();

    EmittedValues(OnnxGraph target) {
        this.target = target;
    }

    void put(Tensor tensor, String value) {
        rows.put(tensor, value);
    }

    void putColumns(Tensor tensor, String value) {
        columns.put(tensor, value);
    }

    /** Whether the tensor exists as columns and not as rows. */
    boolean onlyInColumns(Tensor tensor) {
        return columns.containsKey(tensor) && !rows.containsKey(tensor);
    }

    /** The tensor in its own layout. */
    String rows(Tensor tensor) {
        return rows.computeIfAbsent(
                tensor, key -> target.op("Transpose", List.of(columns(key)), Attribute.of("perm", new long[] {1, 0})));
    }

    /** The tensor as columns, if it exists so. */
    String columns(Tensor tensor) {
        String value = columns.get(tensor);
        if (value == null) {
            throw new IllegalArgumentException("the graph uses " + tensor + " before it is made");
        }
        return value;
    }

    /** Applies an operation that treats every element alike, in columns if all of its inputs are. */
    void elementwise(List<Tensor> inputs, Tensor output, Function<List<String>, String> operation) {
        if (inputs.stream().allMatch(this::onlyInColumns)) {
            putColumns(
                    output, operation.apply(inputs.stream().map(this::columns).toList()));
        } else {
            put(output, operation.apply(inputs.stream().map(this::rows).toList()));
        }
    }
}
