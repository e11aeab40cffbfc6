package dev.paligemma.onnx;

import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** Cuts a graph into pieces that run one after the other and hand on a single tensor. */
final class GraphCuts {
    private final Graph graph;
    private final Map<Tensor, Integer> lastUse = new HashMap<>();

    private GraphCuts(Graph graph) {
        this.graph = graph;
        List<Node> nodes = graph.nodes();
        for (int i = 0; i < nodes.size(); i++) {
            for (Tensor read : nodes.get(i).inputs()) {
                lastUse.put(read, i);
            }
        }
    }

    /**
     * Cuts after every stretch of operations that holds at least one matrix product and leaves one tensor for the rest:
     * in a transformer, after each residual sum. What follows the last product stays with it.
     *
     * @return the pieces in order; their inputs and outputs are those of the graph they use, and the tensors handed on
     */
    static List<Graph> afterProducts(Graph graph) {
        GraphCuts cuts = new GraphCuts(graph);
        List<Graph> pieces = new ArrayList<>();
        int start = 0;
        boolean product = false;
        int lastProduct = cuts.lastProduct();
        for (int i = 0; i < graph.nodes().size() - 1; i++) {
            product |= isProduct(graph.nodes().get(i));
            if (product && i < lastProduct && cuts.handedOn(start, i).size() == 1 && cuts.before(start, i)) {
                pieces.add(cuts.piece(start, i + 1));
                start = i + 1;
                product = false;
            }
        }
        pieces.add(cuts.piece(start, graph.nodes().size()));
        return pieces;
    }

    private static boolean isProduct(Node node) {
        return node.operation().matrix() != null;
    }

    private int lastProduct() {
        List<Node> nodes = graph.nodes();
        return IntStream.range(0, nodes.size())
                .filter(i -> isProduct(nodes.get(i)))
                .max()
                .orElse(-1);
    }

    /** Joins neighbouring pieces of one graph. */
    static Graph join(Graph graph, List<Graph> pieces) {
        List<Node> nodes = graph.nodes();
        int start = nodes.indexOf(pieces.get(0).nodes().get(0));
        int length = pieces.stream().mapToInt(piece -> piece.nodes().size()).sum();
        return new GraphCuts(graph).piece(start, start + length);
    }

    /** What nodes up to and including {@code node} make and later nodes read. */
    private Set<Tensor> handedOn(int start, int node) {
        Set<Tensor> live = new LinkedHashSet<>();
        for (int i = start; i <= node; i++) {
            Tensor output = graph.nodes().get(i).output();
            if (lastUse.getOrDefault(output, -1) > node) {
                live.add(output);
            }
        }
        return live;
    }

    /** Whether nothing made before {@code start} is read after {@code node}. */
    private boolean before(int start, int node) {
        return graph.nodes().subList(0, start).stream()
                .noneMatch(earlier -> lastUse.getOrDefault(earlier.output(), -1) > node);
    }

    private Graph piece(int start, int end) {
        List<Node> nodes = graph.nodes().subList(start, end);
        Set<Tensor> made = new LinkedHashSet<>();
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        for (Node node : nodes) {
            for (Tensor read : node.inputs()) {
                if (!made.contains(read)) {
                    inputs.putIfAbsent(nameOf(read), read);
                }
            }
            made.add(node.output());
        }
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        graph.outputs().forEach((name, tensor) -> {
            if (made.contains(tensor)) {
                outputs.put(name, tensor);
            }
        });
        handedOn(start, end - 1).forEach(tensor -> outputs.put(nameOf(tensor), tensor));
        return new Graph(graph.name(), inputs, nodes, outputs, Map.of());
    }

    /** The caller's name of an input of the graph, and a name no caller uses for a tensor handed on. */
    private String nameOf(Tensor tensor) {
        for (Map.Entry<String, Tensor> input : graph.inputs().entrySet()) {
            if (input.getValue().equals(tensor)) {
                return input.getKey();
            }
        }
        return "carried " + tensor.name();
    }
}
