package dev.paligemma.engine.spi;

import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Tensor;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a graph takes and gives, to compare a caller's tensors with before native code sees them. Immutable and thread-safe.
 */
public final class Signature {
    private final Graph graph;
    /** The dimension that counts the rows of a run; null if the graph keeps no state. */
    private final @Nullable Dim cachedRows;

    /** The signature of a graph. */
    public Signature(Graph graph) {
        this.graph = graph;
        this.cachedRows = graph.cachedRows();
    }

    /** Tells whether runs of the graph need a state; true if the graph has caches. */
    public boolean keepsState() {
        return cachedRows != null;
    }

    /**
     * How many rows a run of a graph with caches holds, at least 0, read from the caller's inputs; an {@link
     * IllegalArgumentException} if none tells.
     */
    public int cachedRows(Map<String, HostTensor> inputs) {
        for (Map.Entry<String, Tensor> declared : graph.inputs().entrySet()) {
            HostTensor tensor = inputs.get(declared.getKey());
            int axis = declared.getValue().shape().dims().indexOf(cachedRows);
            if (tensor != null && axis >= 0 && axis < tensor.shape().length) {
                return Math.toIntExact(tensor.shape()[axis]);
            }
        }
        throw otherInputs(inputs);
    }

    /**
     * Refuses tensors that do not fit.
     *
     * @param inputs must be one tensor per input of the graph, of its type and shape
     * @param outputs must be at least one tensor, each of an output's type and shape
     * @throws IllegalArgumentException if a tensor is missing, unknown, or has another type or shape
     */
    public void check(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
        if (!inputs.keySet().equals(graph.inputs().keySet())) {
            throw otherInputs(inputs);
        }
        if (outputs.isEmpty() || !graph.outputs().keySet().containsAll(outputs.keySet())) {
            throw new IllegalArgumentException("graph " + graph.name() + " gives the outputs "
                    + graph.outputs().keySet() + ", got " + outputs.keySet());
        }
        Map<String, Long> symbols = new HashMap<>();
        compare(inputs, symbols);
        outputs.forEach((name, tensor) -> check(name, tensor, graph.outputs().get(name), symbols));
    }

    /**
     * Refuses inputs that do not fit.
     *
     * @param inputs must be one tensor per input of the graph, of its type and shape
     * @param symbols the sizes of symbolic dimensions that are known, by symbol
     * @throws IllegalArgumentException if a tensor is missing, unknown, or has another type or shape
     */
    public void checkInputs(Map<String, HostTensor> inputs, Map<String, Long> symbols) {
        if (!inputs.keySet().equals(graph.inputs().keySet())) {
            throw otherInputs(inputs);
        }
        compare(inputs, new HashMap<>(symbols));
    }

    private void compare(Map<String, HostTensor> inputs, Map<String, Long> symbols) {
        inputs.forEach((name, tensor) -> check(name, tensor, graph.inputs().get(name), symbols));
    }

    private void check(String name, HostTensor tensor, @Nullable Tensor declared, Map<String, Long> symbols) {
        Objects.requireNonNull(declared, name);
        long[] shape = tensor.shape();
        boolean fits = tensor.type() == declared.type()
                && shape.length == declared.shape().rank();
        for (int axis = 0; fits && axis < shape.length; axis++) {
            Dim dim = declared.shape().dim(axis);
            Long expected = dim.isFixed() ? Long.valueOf(dim.size()) : symbols.putIfAbsent(dim.symbol(), shape[axis]);
            fits = expected == null || expected == shape[axis];
        }
        if (!fits) {
            throw new IllegalArgumentException("graph " + graph.name() + " expects " + name + " to be "
                    + declared.type() + declared.shape() + ", got " + tensor + " where " + symbols);
        }
    }

    private IllegalArgumentException otherInputs(Map<String, HostTensor> inputs) {
        return new IllegalArgumentException(
                "graph " + graph.name() + " takes the inputs " + graph.inputs().keySet() + ", got " + inputs.keySet());
    }
}
