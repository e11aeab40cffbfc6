package dev.paligemma.engine.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

    /** The cached attentions, in order: one specification per key/value cache; empty when the graph keeps no state. */
    public List<AttentionSpec> caches() {
        List<AttentionSpec> caches = new ArrayList<>();
        for (Node node : nodes) {
            if (node.operation() instanceof Operation.Attention attention
                    && attention.spec().cache() != null) {
                caches.add(attention.spec());
            }
        }
        return caches;
    }
}
