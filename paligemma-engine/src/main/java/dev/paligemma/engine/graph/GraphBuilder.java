package dev.paligemma.engine.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;

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

    /**
     * Starts an empty graph.
     *
     * @param name what it computes, for messages and profiles
     */
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

    /**
     * Declares something that a caller provides.
     *
     * @param inputName the name it is provided under, unique
     * @param type the type of its elements
     * @param shape its dimensions
     */
    public Tensor input(String inputName, ElementType type, Shape shape) {
        if (inputs.containsKey(inputName)) {
            throw new IllegalArgumentException("graph " + name + " has an input '" + inputName + "' already");
        }
        Tensor tensor = new Tensor(tensors.size(), unique(inputName), type, shape);
        tensors.add(tensor);
        inputs.put(inputName, tensor);
        return tensor;
    }

    /**
     * Declares something that a caller may ask for.
     *
     * @param outputName the name it is asked for by, unique
     * @param tensor what it is
     */
    public void output(String outputName, Tensor tensor) {
        requireOwn(tensor, "output");
        if (outputs.putIfAbsent(outputName, tensor) != null) {
            throw new IllegalArgumentException("graph " + name + " has an output '" + outputName + "' already");
        }
    }

    /**
     * Names an intermediate result, so that it can be compared with another implementation.
     *
     * @param markName its name, unique
     * @param tensor what it is
     */
    public void mark(String markName, Tensor tensor) {
        requireOwn(tensor, "mark");
        if (marks.putIfAbsent(markName, tensor) != null) {
            throw new IllegalArgumentException("graph " + name + " has a mark '" + markName + "' already");
        }
    }

    /** Ends the recording. */
    public Graph build() {
        return new Graph(name, inputs, nodes, outputs, marks);
    }

    /**
     * Looks up rows of a table.
     *
     * @param ids {@code int64[T]}, each in {@code [0, V)}
     * @param table {@code [V, D]}
     * @return {@code float32[T, D]}
     */
    public Tensor embedding(Tensor ids, Weight table) {
        require(ids.type() == ElementType.INT64 && ids.shape().rank() == 1, "embedding", "int64[T] ids", ids);
        require(table.shape().size() == 2, "embedding", "a table [V, D]", table);
        return record(
                new Operation.Embedding(table),
                "embedding",
                Shape.of(ids.shape().dim(0), table.size(1)),
                List.of(ids));
    }

    /**
     * Uses a weight as a tensor.
     *
     * @param weight the weight
     * @return {@code float32} of the weight's shape
     */
    public Tensor parameter(Weight weight) {
        return record(
                new Operation.Parameter(weight),
                "parameter",
                Shape.of(weight.shape().toArray()),
                List.of());
    }

    /**
     * Multiplies each row by a matrix and adds a bias.
     *
     * @param x {@code float32[T, in]}
     * @param weights {@code W[out, in]} and {@code b[out]}
     * @return {@code float32[T, out]}
     */
    public Tensor linear(Tensor x, LinearWeights weights) {
        requireRows(x, "linear");
        requireWidth(x, weights.in(), "linear", weights.weight());
        return record(new Operation.Linear(weights), "linear", x.shape().with(-1, Dim.of(weights.out())), List.of(x));
    }

    /**
     * Multiplies each row by a matrix that is no weight.
     *
     * @param x {@code float32[T, in]}
     * @param matrix {@code float32[out, in]}, where {@code out} may be known at run time only
     * @return {@code float32[T, out]}
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
                List.of(x, matrix));
    }

    /**
     * Normalises each row to mean 0 and variance 1, then scales and shifts it.
     *
     * @param x {@code float32[..., D]}
     * @param gamma {@code [D]}
     * @param beta {@code [D]}
     * @param epsilon added to the variance
     * @return {@code float32[..., D]}
     */
    public Tensor layerNorm(Tensor x, Weight gamma, Weight beta, float epsilon) {
        requireFloats("layerNorm", x);
        requireWidth(x, gamma.elementCount(), "layerNorm", gamma);
        requireWidth(x, beta.elementCount(), "layerNorm", beta);
        return record(new Operation.LayerNorm(gamma, beta, epsilon), "layer_norm", x.shape(), List.of(x));
    }

    /**
     * Divides each row by its root mean square, then scales it by one plus the weight.
     *
     * @param x {@code float32[..., D]}
     * @param weight {@code [D]}
     * @param epsilon added to the mean square
     * @return {@code float32[..., D]}
     */
    public Tensor rmsNorm(Tensor x, Weight weight, float epsilon) {
        requireFloats("rmsNorm", x);
        requireWidth(x, weight.elementCount(), "rmsNorm", weight);
        return record(new Operation.RmsNorm(weight, epsilon), "rms_norm", x.shape(), List.of(x));
    }

    /**
     * Applies the tanh form of GELU to each element.
     *
     * @param x {@code float32[...]}
     * @return the same shape
     */
    public Tensor gelu(Tensor x) {
        requireFloats("gelu", x);
        return record(new Operation.Gelu(), "gelu", x.shape(), List.of(x));
    }

    /**
     * Rotates each head of each row by the row's position.
     *
     * @param x {@code float32[T, heads * h]}
     * @param cos {@code float32[T, h / 2]}
     * @param sin {@code float32[T, h / 2]}
     * @param heads number of heads side by side
     * @return {@code float32[T, heads * h]}
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
        return record(new Operation.Rope(heads), "rope", x.shape(), List.of(x, cos, sin));
    }

    /**
     * Lets rows attend to rows, as the specification says.
     *
     * @param q {@code float32[T, heads * headDim]}
     * @param k {@code float32[T, kvHeads * headDim]}
     * @param v {@code float32[T, kvHeads * headDim]}
     * @param spec heads, scale, cache and who attends to whom
     * @return {@code float32[T, heads * headDim]}
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
        return record(new Operation.Attention(spec), "attention", queries, List.of(q, k, v));
    }

    /**
     * Bounds each element smoothly.
     *
     * @param x {@code float32[...]}
     * @param cap the bound, positive
     * @return the same shape
     */
    public Tensor softcap(Tensor x, float cap) {
        requireFloats("softcap", x);
        require(cap > 0, "softcap", "a positive bound", cap);
        return record(new Operation.Softcap(cap), "softcap", x.shape(), List.of(x));
    }

    /**
     * Adds two tensors.
     *
     * @param a {@code float32[...]}
     * @param b the same shape, or the last dimensions of it
     * @return the shape of {@code a}
     */
    public Tensor add(Tensor a, Tensor b) {
        requireSuffix(a, b, "add");
        return record(new Operation.Add(), "add", a.shape(), List.of(a, b));
    }

    /**
     * Multiplies two tensors element by element.
     *
     * @param a {@code float32[...]}
     * @param b the same shape, or the last dimensions of it
     * @return the shape of {@code a}
     */
    public Tensor multiply(Tensor a, Tensor b) {
        requireSuffix(a, b, "multiply");
        return record(new Operation.Multiply(), "multiply", a.shape(), List.of(a, b));
    }

    /**
     * Multiplies each element by a constant.
     *
     * @param x {@code float32[...]}
     * @param factor the constant
     * @return the same shape
     */
    public Tensor scale(Tensor x, float factor) {
        requireFloats("scale", x);
        return record(new Operation.Scale(factor), "scale", x.shape(), List.of(x));
    }

    /**
     * Gives the elements another shape.
     *
     * @param x {@code float32[...]}
     * @param shape a shape of as many elements, with at most one symbolic dimension
     * @return that shape
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
        return record(new Operation.Reshape(shape), "reshape", shape, List.of(x));
    }

    /**
     * Reorders the axes.
     *
     * @param x {@code float32[...]}
     * @param axes for each axis of the result, the axis of {@code x} that it is
     * @return the permuted shape
     */
    public Tensor transpose(Tensor x, int... axes) {
        requireFloats("transpose", x);
        List<Integer> order = java.util.Arrays.stream(axes).boxed().toList();
        List<Integer> all =
                java.util.stream.IntStream.range(0, x.shape().rank()).boxed().toList();
        require(order.stream().sorted().toList().equals(all), "transpose", "a permutation of " + all, order);
        Shape shape = new Shape(order.stream().map(axis -> x.shape().dim(axis)).toList());
        return record(new Operation.Transpose(order), "transpose", shape, List.of(x));
    }

    /**
     * Puts the rows of one tensor after those of another.
     *
     * @param first {@code float32[A, D]}
     * @param second {@code float32[B, D]}
     * @param rows the name of {@code A + B}
     * @return {@code float32[A + B, D]}
     */
    public Tensor concatRows(Tensor first, Tensor second, Dim rows) {
        requireRows(first, "concatRows");
        requireRows(second, "concatRows");
        long width = first.shape().dim(1).size();
        require(second.shape().dim(1).size() == width, "concatRows", "rows of width " + width, second);
        return record(new Operation.ConcatRows(), "concat", first.shape().with(0, rows), List.of(first, second));
    }

    /**
     * Picks rows by index.
     *
     * @param x {@code float32[R, D]}
     * @param index {@code int64[T]}, each in {@code [0, R)}
     * @return {@code float32[T, D]}
     */
    public Tensor gatherRows(Tensor x, Tensor index) {
        requireRows(x, "gatherRows");
        require(index.type() == ElementType.INT64 && index.shape().rank() == 1, "gatherRows", "int64[T]", index);
        return record(
                new Operation.GatherRows(),
                "gather",
                x.shape().with(0, index.shape().dim(0)),
                List.of(x, index));
    }

    /**
     * Finds the largest element of each row.
     *
     * @param x {@code float32[T, D]}
     * @return {@code int64[T]}, the index of the largest element, the lowest among equals
     */
    public Tensor argMax(Tensor x) {
        requireRows(x, "argMax");
        Shape rows = new Shape(List.of(x.shape().dim(0)));
        return record(new Operation.ArgMax(), "argmax", ElementType.INT64, rows, List.of(x));
    }

    /**
     * Takes the softmax of each row and gives the logarithm of its largest element.
     *
     * @param x {@code float32[T, D]}
     * @return {@code float32[T]}, at most 0; not a number where a row is not
     */
    public Tensor largestLogProbability(Tensor x) {
        requireRows(x, "largestLogProbability");
        Shape rows = new Shape(List.of(x.shape().dim(0)));
        return record(new Operation.LargestLogProbability(), "log_probability", rows, List.of(x));
    }

    private Tensor record(Operation operation, String kind, Shape shape, List<Tensor> read) {
        return record(operation, kind, ElementType.FLOAT32, shape, read);
    }

    private Tensor record(Operation operation, String kind, ElementType type, Shape shape, List<Tensor> read) {
        read.forEach(tensor -> requireOwn(tensor, kind));
        Tensor output = new Tensor(tensors.size(), unique(where(kind)), type, shape);
        tensors.add(output);
        nodes.add(new Node(operation, read, output));
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
