package dev.paligemma.pytorch;

import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.training.CheckedTrainingProgram;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A part of a network that is entered and left through one tensor, beside the inputs of the graph. Immutable.
 *
 * @param index its place from 0
 * @param in what the part before leaves; null for the first
 * @param out what it leaves
 * @param nodes its operations
 * @param byRows whether each row that leaves depends on the same row of what enters, and on nothing else that has rows;
 *     only the last part can be so
 */
record Segment(int index, @Nullable Tensor in, Tensor out, List<Node> nodes, boolean byRows) {
    /** Copies the list. */
    Segment {
        nodes = List.copyOf(nodes);
    }

    /**
     * What the logits of a graph need, in parts. Those end at marks through which everything goes. The last one is
     * {@link #byRows}, unless there is no place for such a cut.
     */
    static List<Segment> of(Graph graph) {
        List<Node> nodes = needed(graph);
        boolean[] narrow = narrow(nodes);
        int head = headStart(nodes, narrow);
        Set<Tensor> marks = new HashSet<>(graph.marks().values());
        List<Segment> segments = new ArrayList<>();
        Tensor in = null;
        int start = 0;
        for (int i = 0; i < nodes.size(); i++) {
            Tensor out = nodes.get(i).output();
            boolean end = i == nodes.size() - 1 || i == head - 1 || (i < head && marks.contains(out) && narrow[i]);
            if (end) {
                segments.add(new Segment(segments.size(), in, out, nodes.subList(start, i + 1), start == head));
                in = out;
                start = i + 1;
            }
        }
        return segments;
    }

    /** The inputs of a graph that this part reads, in order. */
    Set<Tensor> reads(Graph graph) {
        Set<Tensor> read = new LinkedHashSet<>();
        nodes.forEach(node ->
                node.inputs().stream().filter(graph.inputs()::containsValue).forEach(read::add));
        return read;
    }

    private static List<Node> needed(Graph graph) {
        Tensor logits = Objects.requireNonNull(graph.outputs().get(CheckedTrainingProgram.LOGITS));
        Set<Tensor> needed = new HashSet<>(Set.of(logits));
        List<Node> nodes = new ArrayList<>();
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            Node node = graph.nodes().get(i);
            if (needed.contains(node.output())) {
                nodes.add(0, node);
                needed.addAll(node.inputs());
            }
        }
        return nodes;
    }

    /** For each node, whether later ones read nothing that was made up to it but its output. */
    private static boolean[] narrow(List<Node> nodes) {
        boolean[] narrow = new boolean[nodes.size()];
        for (int i = 0; i < nodes.size(); i++) {
            Set<Tensor> made = new HashSet<>();
            nodes.subList(0, i).forEach(node -> made.add(node.output()));
            narrow[i] = nodes.subList(i + 1, nodes.size()).stream()
                    .flatMap(node -> node.inputs().stream())
                    .noneMatch(made::contains);
        }
        return narrow;
    }

    /** The first node of a last part that computes row by row, as early as possible; after all nodes if there is none. */
    private static int headStart(List<Node> nodes, boolean[] narrow) {
        Dim rows = nodes.get(nodes.size() - 1).output().shape().dim(0);
        Set<Tensor> made = nodes.stream().map(Node::output).collect(Collectors.toSet());
        int head = nodes.size();
        for (int i = nodes.size() - 1; i > 0 && !rows.isFixed() && isByRows(nodes.get(i), rows, made); i--) {
            Shape shape = nodes.get(i - 1).output().shape();
            if (narrow[i - 1] && shape.rank() == 2 && shape.dim(0).equals(rows)) {
                head = i;
            }
        }
        return head;
    }

    /** Whether a row that an operation makes depends on one row of what it reads. */
    private static boolean isByRows(Node node, Dim rows, Set<Tensor> made) {
        Operation operation = node.operation();
        boolean simple = operation instanceof Operation.Linear
                || operation instanceof Operation.Product
                || operation instanceof Operation.LayerNorm
                || operation instanceof Operation.RmsNorm
                || operation instanceof Operation.Gelu
                || operation instanceof Operation.Softcap
                || operation instanceof Operation.Scale
                || operation instanceof Operation.Add
                || operation instanceof Operation.Multiply
                || operation instanceof Operation.Parameter;
        boolean wholeInputs = node.inputs().stream()
                .filter(tensor -> !made.contains(tensor))
                .noneMatch(tensor -> tensor.shape().dims().contains(rows));
        boolean wholeMatrix = !(operation instanceof Operation.Product)
                || !node.input(1).shape().dims().contains(rows);
        return simple && wholeInputs && wholeMatrix;
    }
}
