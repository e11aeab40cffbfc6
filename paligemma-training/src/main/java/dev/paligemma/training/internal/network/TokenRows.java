package dev.paligemma.training.internal.network;

import dev.paligemma.checkpoint.internal.adapter.AdaptableGraph;
import dev.paligemma.checkpoint.internal.adapter.AdapterSites.Part;
import dev.paligemma.checkpoint.internal.modules.BaseModule;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.engine.weights.WeightSource;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Trained rows of the token embedding {@code E[V, D]}, as {@code trainable_token_indices} of PEFT: the embedding of n chosen
 * tokens is {@code rows float32[n, D]} instead of theirs, in the output head too if it is the same matrix.
 *
 * <p>To the embedding of any token {@code pick (rows - base)} is added, with {@code pick float32[V, n]} a one for each
 * chosen token and {@code base} their rows in the model. The parameter is the rows and not their difference, because weight
 * decay shrinks what is stored.
 */
final class TokenRows {
    /** The trained input, {@code float32[n, D]}. */
    static final String ROWS = "tokens.rows";

    /** The given input: the rows of the model, negative, {@code float32[n, D]}. */
    private static final String MINUS_BASE = "tokens.minus_base";

    private static final String PICK = AdaptableGraph.inputOf(BaseModule.TABLE, Part.LOW_RANK, true);
    private static final String ADDED = AdaptableGraph.inputOf(BaseModule.TABLE, Part.LOW_RANK, false);
    private static final String HEAD_ROWS = AdaptableGraph.inputOf(BaseModule.HEAD, Part.LOW_RANK, true);
    private static final String HEAD_PICK = AdaptableGraph.inputOf(BaseModule.HEAD, Part.LOW_RANK, false);

    private final List<Integer> tokens;
    private final WeightSource base;
    private final TensorInfo table;
    private final int width;

    TokenRows(List<Integer> tokens, WeightSource base) {
        this.tokens = tokens;
        this.base = base;
        this.table = base.tensor(BaseModule.TABLE + ".weight");
        this.width = Math.toIntExact(table.shape()[1]);
    }

    List<Long> sizes() {
        return List.of((long) tokens.size(), (long) width);
    }

    /** The rows of the model, with which training starts. */
    float[] start() {
        float[] rows = new float[Math.multiplyExact(tokens.size(), width)];
        for (int i = 0; i < tokens.size(); i++) {
            base.readFloats(table, (long) tokens.get(i) * width, FloatBuffer.wrap(rows, i * width, width));
        }
        return rows;
    }

    /** What every batch brings along. */
    Map<String, HostTensor> given(Graph graph) {
        HostTensor minus = HostTensor.allocate(ElementType.FLOAT32, tokens.size(), width);
        FloatBuffer values = minus.floats();
        for (float value : start()) {
            values.put(-value);
        }
        HostTensor pick = HostTensor.allocate(ElementType.FLOAT32, table.shape()[0], tokens.size());
        for (int i = 0; i < tokens.size(); i++) {
            pick.floats().put(tokens.get(i) * tokens.size() + i, 1);
        }
        Map<String, HostTensor> given = new LinkedHashMap<>();
        given.put(MINUS_BASE, minus);
        given.put(PICK, pick);
        if (graph.inputs().containsKey(HEAD_PICK)) {
            given.put(HEAD_PICK, pick);
        }
        return given;
    }

    /**
     * The graph with slim matrices at the embedding, and the head where it is the same matrix, which become functions of the
     * rows. Each is computed right before its use, so that the graph can still be cut between its blocks.
     */
    Graph rewrite(Graph graph) {
        int next = GraphParts.highest(graph) + 1;
        Shape shape = Shape.of((long) tokens.size(), (long) width);
        Map<String, Tensor> inputs = new LinkedHashMap<>(graph.inputs());
        Tensor added = Objects.requireNonNull(inputs.remove(ADDED), ADDED);
        Tensor headRows = inputs.remove(HEAD_ROWS);
        Tensor rows = new Tensor(next++, ROWS, ElementType.FLOAT32, shape);
        Tensor minus = new Tensor(next++, MINUS_BASE, ElementType.FLOAT32, shape);
        inputs.put(ROWS, rows);
        inputs.put(MINUS_BASE, minus);
        Tensor change = new Tensor(next++, "tokens.change", ElementType.FLOAT32, shape);
        List<Node> nodes = new ArrayList<>();
        nodes.add(new Node(new Operation.Add(), List.of(rows, minus), change));
        nodes.add(new Node(new Operation.Transpose(List.of(1, 0)), List.of(change), added));
        for (Node node : graph.nodes()) {
            if (headRows != null && node.inputs().contains(headRows)) {
                nodes.add(new Node(new Operation.Add(), List.of(rows, minus), headRows));
            }
            nodes.add(node);
        }
        return new Graph(graph.name(), inputs, nodes, graph.outputs(), graph.marks());
    }

    /** The module that is the token embedding, and the head if it is the same matrix. */
    static List<String> modules(Map<String, BaseModule> modules) {
        BaseModule embedding = Objects.requireNonNull(modules.get(BaseModule.TABLE), BaseModule.TABLE);
        @Nullable BaseModule head = modules.get(BaseModule.HEAD);
        return head != null && head.weight().equals(embedding.weight())
                ? List.of(BaseModule.TABLE, BaseModule.HEAD)
                : List.of(BaseModule.TABLE);
    }
}
