package dev.paligemma.training.internal.network;

import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Cuts recorded graphs in two and puts two in a row. Stateless. */
final class GraphParts {
    private GraphParts() {}

    /** What leads to one tensor of a graph, which becomes its one output. */
    static Graph upTo(Graph graph, Tensor end, String output) {
        List<Node> nodes = needed(graph, Set.of(end), Set.of());
        return part(graph, graph.inputs(), nodes, Map.of(output, end));
    }

    /** What follows a tensor of a graph, which becomes an input: its outputs need nothing else of what comes before it. */
    static Graph from(Graph graph, Tensor start, String input) {
        List<Node> nodes = needed(graph, Set.copyOf(graph.outputs().values()), Set.of(start));
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        inputs.put(input, start);
        inputs.putAll(graph.inputs());
        return part(graph, inputs, nodes, graph.outputs());
    }

    /** A graph whose output of a name is the input of a name of another; the marks of both stay. */
    static Graph inSequence(Graph first, String output, Graph second, String input) {
        Tensor joint = Objects.requireNonNull(first.outputs().get(output), output);
        Tensor replaced = Objects.requireNonNull(second.inputs().get(input), input);
        int offset = 1 + Math.max(highest(first), 0);
        UnaryOperator<Tensor> moved = tensor -> tensor.equals(replaced)
                ? joint
                : new Tensor(tensor.id() + offset, tensor.name(), tensor.type(), tensor.shape());
        Map<String, Tensor> inputs = new LinkedHashMap<>(first.inputs());
        second.inputs().forEach((name, tensor) -> {
            if (!name.equals(input)) {
                putOnce(inputs, name, moved.apply(tensor));
            }
        });
        List<Node> nodes = new ArrayList<>(first.nodes());
        second.nodes().forEach(node -> nodes.add(moved(node, moved)));
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        second.outputs().forEach((name, tensor) -> outputs.put(name, moved.apply(tensor)));
        Map<String, Tensor> marks = new LinkedHashMap<>(first.marks());
        second.marks().forEach((name, tensor) -> putOnce(marks, name, moved.apply(tensor)));
        return new Graph(second.name(), inputs, nodes, outputs, marks);
    }

    /** The highest number of a tensor of a graph. */
    static int highest(Graph graph) {
        int highest = -1;
        for (Tensor input : graph.inputs().values()) {
            highest = Math.max(highest, input.id());
        }
        for (Node node : graph.nodes()) {
            highest = Math.max(highest, node.output().id());
        }
        return highest;
    }

    private static Node moved(Node node, UnaryOperator<Tensor> move) {
        return new Node(node.operation(), node.inputs().stream().map(move).toList(), move.apply(node.output()));
    }

    private static void putOnce(Map<String, Tensor> map, String name, Tensor tensor) {
        if (map.putIfAbsent(name, tensor) != null) {
            throw new IllegalArgumentException("two graphs in a row both have '" + name + "'");
        }
    }

    /** The nodes that some tensors need, where others are given. */
    private static List<Node> needed(Graph graph, Set<Tensor> wanted, Set<Tensor> given) {
        Set<Tensor> open = new HashSet<>(wanted);
        List<Node> nodes = new ArrayList<>();
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            Node node = graph.nodes().get(i);
            if (open.contains(node.output()) && !given.contains(node.output())) {
                nodes.add(0, node);
                open.addAll(node.inputs());
            }
        }
        return nodes;
    }

    /** Some nodes with those inputs that they read and those marks that they make. */
    private static Graph part(Graph graph, Map<String, Tensor> inputs, List<Node> nodes, Map<String, Tensor> outputs) {
        Set<Tensor> read = new HashSet<>();
        Set<Tensor> made = new HashSet<>();
        nodes.forEach(node -> {
            read.addAll(node.inputs());
            made.add(node.output());
        });
        Map<String, Tensor> keptInputs = new LinkedHashMap<>(inputs);
        keptInputs.values().retainAll(read);
        Map<String, Tensor> keptMarks = new LinkedHashMap<>(graph.marks());
        keptMarks.values().retainAll(made);
        return new Graph(graph.name(), keptInputs, nodes, outputs, keptMarks);
    }
}
