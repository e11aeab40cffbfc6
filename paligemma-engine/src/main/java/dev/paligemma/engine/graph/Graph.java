package dev.paligemma.engine.graph;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A recorded network: inputs, operations in an order in which they can run, and named outputs. Immutable and
 * thread-safe.
 *
 * @param name what it computes, for messages and profiles, for example {@code "vision"}
 * @param inputs what a caller provides, by the name it is provided under
 * @param nodes the operations; each reads only inputs and outputs of earlier ones
 * @param outputs what a caller may ask for
 * @param marks intermediate results worth comparing with another implementation; not computed for a caller unless made
 *     outputs by {@link #withMarksAsOutputs}
 */
public record Graph(
        String name,
        Map<String, Tensor> inputs,
        List<Node> nodes,
        Map<String, Tensor> outputs,
        Map<String, Tensor> marks) {
    /** Copies the collections. */
    public Graph {
        inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
        nodes = List.copyOf(nodes);
        outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
        marks = Collections.unmodifiableMap(new LinkedHashMap<>(marks));
    }

    /** This graph with every mark as a further output: a graph of the same operations. */
    public Graph withMarksAsOutputs() {
        Map<String, Tensor> all = new LinkedHashMap<>(outputs);
        marks.forEach(all::putIfAbsent);
        return new Graph(name, inputs, nodes, all, marks);
    }

    /** As {@link #weights(List)}, of this graph. */
    public List<Weight> weights() {
        return weights(List.of(this));
    }

    /**
     * The learned parameters of a network of several graphs: names and shapes in the order of their first use, each once.
     *
     * @throws IllegalArgumentException if one name stands for two shapes
     */
    public static List<Weight> weights(List<Graph> graphs) {
        Map<String, Weight> byName = new LinkedHashMap<>();
        graphs.stream()
                .flatMap(graph -> graph.nodes.stream())
                .flatMap(node -> node.operation().weights().stream())
                .forEach(weight -> {
                    Weight other = byName.putIfAbsent(weight.name(), weight);
                    if (other != null && !other.equals(weight)) {
                        throw new IllegalArgumentException(
                                "the graphs use one weight as " + other + " and as " + weight);
                    }
                });
        return List.copyOf(byName.values());
    }

    /** The cached attentions, in order: one specification per key/value cache; empty when the graph keeps no state. */
    public List<AttentionSpec> caches() {
        return nodes.stream()
                .flatMap(node -> Stream.ofNullable(node.operation().cache()))
                .toList();
    }

    /**
     * The dimension that counts the rows of a run of a graph with caches: the rows of the cached attentions; null when
     * the graph keeps no state.
     */
    public @Nullable Dim cachedRows() {
        return nodes.stream()
                .filter(node -> node.operation().cache() != null)
                .map(node -> node.output().shape().dim(0))
                .findFirst()
                .orElse(null);
    }
}
