package dev.paligemma.checkpoint.internal.convert;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.convert.ConversionException;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.engine.weights.TensorInfo;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * In which formats each weight of a network is stored at a precision. Immutable and thread-safe.
 *
 * <p>What a weight becomes follows from how the recorded graphs use it, not from its name:
 *
 * <ul>
 *   <li>a table of embeddings, and a matrix that is multiplied with one row only (the head, whose input is the last row):
 *       {@link MatrixFormat#INT8_BLOCKS}; a head tied to the embedding is so stored once
 *   <li>at {@link Precision#INT4}, other matrices of graphs with key/value caches: {@link MatrixFormat#INT4_BLOCKS} for
 *       writing token by token, which memory bandwidth limits, and {@link MatrixFormat#INT8_CHANNELS} for the prefix,
 *       which arithmetic limits
 *   <li>all other matrices: {@link MatrixFormat#INT8_CHANNELS}
 *   <li>everything else, such as norms, biases and position embeddings: float32 under its own name
 * </ul>
 */
public final class ConversionPlan {
    private final Precision precision;
    private final List<Weight> weights;
    private final Map<Weight, Set<MatrixFormat>> matrices = new LinkedHashMap<>();
    private final Set<Weight> plain = new LinkedHashSet<>();

    private ConversionPlan(Precision precision, List<Weight> weights) {
        this.precision = precision;
        this.weights = weights;
    }

    /**
     * The plan of all graphs of a network, for {@link Precision#INT8} or {@link Precision#INT4}; they must not use a
     * name in two shapes.
     */
    public static ConversionPlan of(Precision precision, List<Graph> graphs) {
        if (precision != Precision.INT8 && precision != Precision.INT4) {
            throw new IllegalArgumentException(
                    "a checkpoint is converted for int8 or int4, not for " + Objects.requireNonNull(precision));
        }
        ConversionPlan plan = new ConversionPlan(precision, Graph.weights(graphs));
        graphs.forEach(plan::collect);
        return plan;
    }

    private void collect(Graph graph) {
        EnumSet<MatrixFormat> manyRows =
                precision == Precision.INT4 && !graph.caches().isEmpty()
                        ? EnumSet.of(MatrixFormat.INT4_BLOCKS, MatrixFormat.INT8_CHANNELS)
                        : EnumSet.of(MatrixFormat.INT8_CHANNELS);
        for (Node node : graph.nodes()) {
            Weight table = node.operation().table();
            Weight matrix = node.operation().matrix();
            if (table != null) {
                matrix(table, EnumSet.of(MatrixFormat.INT8_BLOCKS));
            }
            if (matrix != null) {
                matrix(matrix, readsFewRows(node, graph) ? EnumSet.of(MatrixFormat.INT8_BLOCKS) : manyRows);
            }
            for (Weight weight : node.operation().weights()) {
                if (!weight.equals(table) && !weight.equals(matrix)) {
                    plain.add(weight);
                }
            }
        }
    }

    private void matrix(Weight weight, Set<MatrixFormat> formats) {
        matrices.computeIfAbsent(weight, key -> EnumSet.noneOf(MatrixFormat.class))
                .addAll(formats);
    }

    /** Whether a product sees one row, or one row of each sequence, in every run: the logits of the next tokens. */
    private static boolean readsFewRows(Node linear, Graph graph) {
        Dim rows = linear.input(0).shape().dim(0);
        return rows.isFixed() ? rows.size() == 1 : !graph.caches().isEmpty() && !rows.equals(graph.cachedRows());
    }

    /** What the weights are stored for: {@link Precision#INT8} or {@link Precision#INT4}. */
    public Precision precision() {
        return precision;
    }

    /**
     * The matrices that are quantised: an unmodifiable map from a matrix {@code [out, in]} to its formats, at least
     * one.
     */
    public Map<Weight, Set<MatrixFormat>> matrices() {
        return Collections.unmodifiableMap(matrices);
    }

    /** The weights that are stored in float32 under their own names, such as norms, biases and position embeddings. */
    public Set<Weight> float32() {
        return Collections.unmodifiableSet(plain);
    }

    /**
     * Whether a weight is stored in float32 under its own name, be it beside other formats: unless the graphs use it as
     * a matrix only.
     */
    public boolean keepsFloat32(String name) {
        return plain.stream().anyMatch(weight -> weight.name().equals(name))
                || matrices.keySet().stream().noneMatch(weight -> weight.name().equals(name));
    }

    /** Fails if a converted checkpoint is of another precision, or lacks a weight in a format. */
    public void requireStoredIn(Checkpoint converted) {
        if (converted.precision() != precision) {
            throw new CheckpointException(
                    converted.folder() + " holds weights for " + converted.precision() + ", expected " + precision);
        }
        Stream<String> codes = matrices.entrySet().stream()
                .flatMap(matrix -> matrix.getValue().stream()
                        .map(format -> format.codes(matrix.getKey().name())));
        List<String> missing = Stream.concat(codes, plain.stream().map(Weight::name))
                .filter(name -> !converted.contains(name))
                .toList();
        if (!missing.isEmpty()) {
            throw new CheckpointException(converted.folder() + " lacks " + missing.size()
                    + " of the tensors that this model needs at " + precision + ", the first is " + missing.get(0)
                    + "; convert the checkpoint again");
        }
    }

    /** Checks that an original checkpoint has all weights in the sizes in which the graphs use them. */
    void requireWeightsOf(Checkpoint source) {
        for (Weight weight : weights) {
            TensorInfo tensor = source.tensor(weight.name());
            long[] shape = tensor.shape();
            boolean fits =
                    tensor.elementCount() == weight.elementCount() && shape.length > 0 && shape[0] == weight.size(0);
            if (!fits) {
                throw new ConversionException("the network uses " + weight + ", but the checkpoint has " + tensor);
            }
        }
    }

    /** The same text for plans that give the same tensors. */
    String fingerprint() {
        List<String> lines = new ArrayList<>();
        matrices.forEach((weight, formats) -> lines.add(weight + " " + formats));
        plain.forEach(weight -> lines.add(weight + " float32"));
        Collections.sort(lines);
        return precision + "\n" + String.join("\n", lines);
    }
}
