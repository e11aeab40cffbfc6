package dev.paligemma.engine.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Records a network's definition. Confined to one thread.
 *
 * <p>A definition calls these operations on symbolic tensors in the order of its equations and never sees a number;
 * {@link #build} gives the {@link Graph}. Shapes are checked here, so that a mistake is reported at the line that made
 * it and under the name of the current scope.
 *
 * <p>In the shapes below, {@code T} is a number of rows, {@code ...} any leading dimensions.
 */
public final class GraphBuilder {
    private final String name;
    private final Map<String, Tensor> inputs = new LinkedHashMap<>();
    private final Map<String, Tensor> outputs = new LinkedHashMap<>();
    private final Map<String, Tensor> marks = new LinkedHashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final Deque<String> scopes = new ArrayDeque<>();
    private final List<Tensor> tensors = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private final Set<String> caches = new HashSet<>();

    /** Starts an empty graph; the name says what it computes, for messages and profiles. */
    public GraphBuilder(String name) {
        this.name = Objects.requireNonNull(name, "name");
    }

    /**
     * Records a part of the network under a name; what is recorded meanwhile carries it.
     *
     * @param scope its name, for example {@code "layers.3"}
     * @param definition records the part
     * @param <T> what the definition gives
     * @return what the definition gives
     */
    public <T> T scope(String scope, Supplier<T> definition) {
        scopes.addLast(Objects.requireNonNull(scope, "scope"));
        try {
            return definition.get();
        } finally {
            scopes.removeLast();
        }
    }

    /** Declares something that a caller provides, under a unique name. */
    public Tensor input(String inputName, ElementType type, Shape shape) {
        Tensor tensor = new Tensor(tensors.size(), unique(inputName), type, shape);
        tensors.add(tensor);
        putOnce(inputs, "an input", inputName, tensor);
        return tensor;
    }

    /** Declares something that a caller may ask for by a unique name. */
    public void output(String outputName, Tensor tensor) {
        requireOwn(tensor, "output");
        putOnce(outputs, "an output", outputName, tensor);
    }

    /** Names an intermediate result, uniquely, so that it can be compared with another implementation. */
    public void mark(String markName, Tensor tensor) {
        requireOwn(tensor, "mark");
        putOnce(marks, "a mark", markName, tensor);
    }

    private void putOnce(Map<String, Tensor> known, String kind, String key, Tensor tensor) {
        if (known.putIfAbsent(key, tensor) != null) {
            throw new IllegalArgumentException("graph " + name + " has " + kind + " '" + key + "' already");
        }
    }

    /** Ends the recording. */
    public Graph build() {
        return new Graph(name, inputs, nodes, outputs, marks);
    }

    /**
     * {@link Operation.Embedding}: of {@code int64[T]}, each in {@code [0, V)}, and a table {@code [V, D]} makes {@code
     * float32[T, D]}.
     */
    public Tensor embedding(Tensor ids, Weight table) {
        require(ids.type() == ElementType.INT64 && ids.shape().rank() == 1, "embedding", "int64[T] ids", ids);
        require(table.shape().size() == 2, "embedding", "a table [V, D]", table);
        return record(
                new Operation.Embedding(table),
                "embedding",
                Shape.of(ids.shape().dim(0), table.size(1)),
                ids);
    }

    /** {@link Operation.Parameter}: {@code float32} of the shape of the weight. */
    public Tensor parameter(Weight weight) {
        return record(
                new Operation.Parameter(weight),
                "parameter",
                Shape.of(weight.shape().toArray()));
    }

    /**
     * {@link Operation.Linear}: of {@code float32[T, in]}, {@code W[out, in]} and {@code b[out]} makes {@code float32[T,
     * out]}.
     */
    public Tensor linear(Tensor x, LinearWeights weights) {
        requireRows(x, "linear");
        requireWidth(x, weights.in(), "linear", weights.weight());
        return record(new Operation.Linear(weights), "linear", x.shape().with(-1, Dim.of(weights.out())), x);
    }

    /**
     * {@link Operation.Product}: of {@code float32[T, in]} and {@code float32[out, in]}, where {@code out} may be known at
     * run time only, makes {@code float32[T, out]}.
     */
    public Tensor product(Tensor x, Tensor matrix) {
        requireFloats("product", x, matrix);
        boolean fits = x.shape().rank() == 2
                && matrix.shape().rank() == 2
                && x.shape().dim(1).equals(matrix.shape().dim(1));
        require(fits, "product", "a matrix [out, in] for rows [T, in] of " + x, matrix);
        return record(
                new Operation.Product(),
                "product",
                x.shape().with(-1, matrix.shape().dim(0)),
                x,
                matrix);
    }

    /** {@link Operation.LayerNorm}: of {@code float32[..., D]} and weights {@code [D]} makes {@code float32[..., D]}. */
    public Tensor layerNorm(Tensor x, Weight gamma, Weight beta, float epsilon) {
        requireFloats("layerNorm", x);
        requireWidth(x, gamma.elementCount(), "layerNorm", gamma);
        requireWidth(x, beta.elementCount(), "layerNorm", beta);
        return record(new Operation.LayerNorm(gamma, beta, epsilon), "layer_norm", x.shape(), x);
    }

    /** {@link Operation.RmsNorm}: of {@code float32[..., D]} and a weight {@code [D]} makes {@code float32[..., D]}. */
    public Tensor rmsNorm(Tensor x, Weight weight, float epsilon) {
        requireFloats("rmsNorm", x);
        requireWidth(x, weight.elementCount(), "rmsNorm", weight);
        return record(new Operation.RmsNorm(weight, epsilon), "rms_norm", x.shape(), x);
    }

    /** {@link Operation.Gelu}: of {@code float32[...]} makes the same shape. */
    public Tensor gelu(Tensor x) {
        requireFloats("gelu", x);
        return record(new Operation.Gelu(), "gelu", x.shape(), x);
    }

    /**
     * {@link Operation.Rope}: rotates each head of each row of {@code float32[T, heads * h]} by the position of the row,
     * given as cosines and sines {@code float32[T, h / 2]}; the shape stays.
     */
    public Tensor rope(Tensor x, Tensor cos, Tensor sin, int heads) {
        requireRows(x, "rope");
        requireRows(cos, "rope");
        requireFloats("rope", sin);
        long width = x.shape().dim(1).size();
        require(
                cos.shape().equals(sin.shape())
                        && cos.shape().dim(0).equals(x.shape().dim(0))
                        && cos.shape().dim(1).size() * 2 * heads == width,
                "rope",
                "cosines and sines [" + x.shape().dim(0) + ", " + width + " / (2 * " + heads + ")]",
                cos);
        return record(new Operation.Rope(heads), "rope", x.shape(), x, cos, sin);
    }

    /**
     * {@link Operation.Attention}: of queries {@code float32[T, heads * headDim]}, keys and values {@code float32[T,
     * kvHeads * headDim]} makes {@code float32[T, heads * headDim]}.
     */
    public Tensor attention(Tensor q, Tensor k, Tensor v, AttentionSpec spec) {
        requireRows(q, "attention");
        Dim rows = q.shape().dim(0);
        Shape queries = Shape.of(rows, (long) spec.heads() * spec.headDim());
        Shape keys = Shape.of(rows, (long) spec.kvHeads() * spec.headDim());
        requireFloats("attention", k, v);
        require(q.shape().equals(queries), "attention", "queries " + queries, q);
        require(k.shape().equals(keys), "attention", "keys " + keys, k);
        require(v.shape().equals(keys), "attention", "values " + keys, v);
        if (spec.cache() != null && !caches.add(spec.cache())) {
            throw new IllegalArgumentException(where("attention") + ": cache '" + spec.cache() + "' is used twice");
        }
        return record(new Operation.Attention(spec), "attention", queries, q, k, v);
    }

    /** {@link Operation.Softcap}: of {@code float32[...]} and a positive bound makes the same shape. */
    public Tensor softcap(Tensor x, float cap) {
        requireFloats("softcap", x);
        require(cap > 0, "softcap", "a positive bound", cap);
        return record(new Operation.Softcap(cap), "softcap", x.shape(), x);
    }

    /**
     * {@link Operation.Add}: of {@code a float32[...]} and {@code b}, the same shape or the last dimensions of it, makes
     * the shape of {@code a}.
     */
    public Tensor add(Tensor a, Tensor b) {
        requireSuffix(a, b, "add");
        return record(new Operation.Add(), "add", a.shape(), a, b);
    }

    /** {@link Operation.Multiply}: with the shapes of {@link #add}. */
    public Tensor multiply(Tensor a, Tensor b) {
        requireSuffix(a, b, "multiply");
        return record(new Operation.Multiply(), "multiply", a.shape(), a, b);
    }

    /** {@link Operation.Scale}: of {@code float32[...]} makes the same shape. */
    public Tensor scale(Tensor x, float factor) {
        requireFloats("scale", x);
        return record(new Operation.Scale(factor), "scale", x.shape(), x);
    }

    /**
     * {@link Operation.Reshape}: of {@code float32[...]} and a shape of as many elements, with at most one symbolic
     * dimension, makes that shape.
     */
    public Tensor reshape(Tensor x, Shape shape) {
        requireFloats("reshape", x);
        long symbols = symbols(shape);
        require(symbols <= 1, "reshape", "at most one symbolic dimension", shape);
        if (symbols(x.shape()) == 0) {
            long elements = fixedElements(x.shape());
            long wanted = fixedElements(shape);
            boolean fits = symbols == 0 ? wanted == elements : elements % wanted == 0;
            require(fits, "reshape", "a shape of the " + elements + " elements of " + x.shape(), shape);
        }
        return record(new Operation.Reshape(shape), "reshape", shape, x);
    }

    /**
     * {@link Operation.Transpose}: of {@code float32[...]} makes the permuted shape; for each axis of the result, {@code
     * axes} has the axis of {@code x} that it is.
     */
    public Tensor transpose(Tensor x, int... axes) {
        requireFloats("transpose", x);
        List<Integer> order = Arrays.stream(axes).boxed().toList();
        List<Integer> all = IntStream.range(0, x.shape().rank()).boxed().toList();
        require(order.stream().sorted().toList().equals(all), "transpose", "a permutation of " + all, order);
        Shape shape = new Shape(order.stream().map(axis -> x.shape().dim(axis)).toList());
        return record(new Operation.Transpose(order), "transpose", shape, x);
    }

    /**
     * {@link Operation.ConcatRows}: of {@code float32[A, D]} and {@code float32[B, D]} makes {@code float32[A + B, D]};
     * {@code rows} is the name of {@code A + B}.
     */
    public Tensor concatRows(Tensor first, Tensor second, Dim rows) {
        requireRows(first, "concatRows");
        requireRows(second, "concatRows");
        long width = first.shape().dim(1).size();
        require(second.shape().dim(1).size() == width, "concatRows", "rows of width " + width, second);
        return record(new Operation.ConcatRows(), "concat", first.shape().with(0, rows), first, second);
    }

    /**
     * {@link Operation.GatherRows}: of {@code float32[R, D]} and {@code int64[T]}, each in {@code [0, R)}, makes {@code
     * float32[T, D]}.
     */
    public Tensor gatherRows(Tensor x, Tensor index) {
        requireRows(x, "gatherRows");
        require(index.type() == ElementType.INT64 && index.shape().rank() == 1, "gatherRows", "int64[T]", index);
        return record(
                new Operation.GatherRows(),
                "gather",
                x.shape().with(0, index.shape().dim(0)),
                x,
                index);
    }

    /** {@link Operation.ArgMax}: of {@code float32[T, D]} makes {@code int64[T]}. */
    public Tensor argMax(Tensor x) {
        requireRows(x, "argMax");
        Shape rows = new Shape(List.of(x.shape().dim(0)));
        return record(new Operation.ArgMax(), "argmax", ElementType.INT64, rows, x);
    }

    /**
     * {@link Operation.LargestLogProbability}: of {@code float32[T, D]} makes {@code float32[T]}, at most 0; not a number
     * where a row is not.
     */
    public Tensor largestLogProbability(Tensor x) {
        requireRows(x, "largestLogProbability");
        Shape rows = new Shape(List.of(x.shape().dim(0)));
        return record(new Operation.LargestLogProbability(), "log_probability", rows, x);
    }

    private Tensor record(Operation operation, String kind, Shape shape, Tensor... read) {
        return record(operation, kind, ElementType.FLOAT32, shape, read);
    }

    private Tensor record(Operation operation, String kind, ElementType type, Shape shape, Tensor... read) {
        for (Tensor tensor : read) {
            requireOwn(tensor, kind);
        }
        Tensor output = new Tensor(tensors.size(), unique(where(kind)), type, shape);
        tensors.add(output);
        nodes.add(new Node(operation, List.of(read), output));
        return output;
    }

    /** Another graph's tensor may look exactly like one of ours. */
    @SuppressWarnings("ReferenceEquality")
    private void requireOwn(Tensor tensor, String operation) {
        boolean own = tensor.id() < tensors.size() && tensors.get(tensor.id()) == tensor;
        require(own, operation, "a tensor of this graph", tensor);
    }

    private static long symbols(Shape shape) {
        return shape.dims().stream().filter(dim -> !dim.isFixed()).count();
    }

    private static long fixedElements(Shape shape) {
        return shape.dims().stream().filter(Dim::isFixed).mapToLong(Dim::size).reduce(1, Math::multiplyExact);
    }

    private String where(String kind) {
        return scopes.isEmpty() ? kind : String.join(".", scopes) + "." + kind;
    }

    private String unique(String wanted) {
        String candidate = wanted;
        for (int count = 2; !names.add(candidate); count++) {
            candidate = wanted + "_" + count;
        }
        return candidate;
    }

    private void requireFloats(String operation, Tensor... read) {
        for (Tensor x : read) {
            require(x.type() == ElementType.FLOAT32, operation, "float32", x);
        }
    }

    /** The second may lack leading dimensions of the first. */
    private void requireSuffix(Tensor a, Tensor b, String operation) {
        requireFloats(operation, a, b);
        List<Dim> dims = a.shape().dims();
        int missing = dims.size() - b.shape().rank();
        boolean fits = missing >= 0
                && dims.subList(missing, dims.size()).equals(b.shape().dims());
        require(fits, operation, "the last dimensions of " + a.shape(), b);
    }

    private void requireRows(Tensor x, String operation) {
        require(
                x.type() == ElementType.FLOAT32
                        && x.shape().rank() == 2
                        && x.shape().dim(1).isFixed(),
                operation,
                "float32[T, D] rows of fixed width",
                x);
    }

    private void requireWidth(Tensor x, long width, String operation, Weight weight) {
        require(
                x.shape().rank() > 0 && x.shape().dim(-1).equals(Dim.of(width)),
                operation,
                "rows as wide as " + weight,
                x);
    }

    private void require(boolean condition, String operation, String expected, Object got) {
        if (!condition) {
            throw new IllegalArgumentException(
                    "graph " + name + ", " + where(operation) + ": expected " + expected + ", got " + got);
        }
    }
}
