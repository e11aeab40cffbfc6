package dev.paligemma.reference;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.HostTensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * One run of a graph, one method for each operation. Used once, by one thread.
 *
 * <p>What flows between operations is float32. Within an operation everything is computed in double precision and rounded
 * once at the end, so that a result is what the equation says, and no order of summation is part of it. In the shapes
 * below, {@code T} is a number of rows and {@code ...} any leading sizes; {@code t} is a row, {@code i} a place in it.
 */
final class Interpreter implements Operation.Visitor {
    private final Graph graph;
    private final Map<Weight, Array> weights;
    private final Sight sight;
    /** What has been computed, by the numbers of the tensors. */
    private final Map<Integer, Array> values = new HashMap<>();
    /** The sizes that only a run knows, by their symbols. */
    private final Map<String, Long> sizes = new HashMap<>();

    /** An interpreter; {@code sight} says what rows of cached attentions see. */
    Interpreter(Graph graph, Map<Weight, Array> weights, Sight sight) {
        this.graph = graph;
        this.weights = weights;
        this.sight = sight;
    }

    /** Computes everything between tensors of a caller. */
    void run(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
        outputs.forEach((name, target) -> requireShape(output(name), target.shape()));
        Map<String, Array> given = new HashMap<>();
        inputs.forEach((name, tensor) -> given.put(name, Array.of(tensor)));
        compute(given);
        outputs.forEach((name, target) -> result(name).copyTo(target));
    }

    /** Computes everything, in the order in which it was recorded. */
    void compute(Map<String, Array> inputs) {
        graph.inputs().forEach((name, input) -> give(input, Objects.requireNonNull(inputs.get(name), name)));
        for (Node node : graph.nodes()) {
            try {
                node.operation().accept(this, node);
            } catch (IndexOutOfBoundsException | ArithmeticException e) {
                throw new EngineException("graph " + graph.name() + " failed at " + node.output() + ": " + e, e);
            }
        }
    }

    /** What {@link #compute} has made. */
    Array result(String name) {
        return value(output(name));
    }

    private Tensor output(String name) {
        return Objects.requireNonNull(graph.outputs().get(name), name);
    }

    private Array weight(Weight weight) {
        return Objects.requireNonNull(weights.get(weight), weight::toString);
    }

    private Array value(Tensor tensor) {
        return Objects.requireNonNull(values.get(tensor.id()), tensor::toString);
    }

    private void give(Tensor tensor, Array value) {
        requireShape(tensor, Arrays.stream(value.shape()).asLongStream().toArray());
        values.put(tensor.id(), value);
    }

    /** Every value must have the shape that was recorded for it, with one size for each symbol. */
    private void requireShape(Tensor tensor, long[] shape) {
        boolean fits = tensor.shape().rank() == shape.length;
        for (int axis = 0; fits && axis < shape.length; axis++) {
            long size = shape[axis];
            Dim dim = tensor.shape().dim(axis);
            fits = size == (dim.isFixed() ? dim.size() : sizes.computeIfAbsent(dim.symbol(), symbol -> size));
        }
        if (!fits) {
            throw new EngineException("graph " + graph.name() + " expects " + tensor + " where " + sizes
                    + ", got the shape " + Arrays.toString(shape));
        }
    }

    /** {@code -> w[...]}: the weight itself. */
    @Override
    public void parameter(Operation.Parameter operation, Node node) {
        give(node.output(), weight(operation.weight()));
    }

    /** {@code ids[T], table[V, D] -> y[T, D]}: {@code y[t] = table[ids[t]]}. */
    @Override
    public void embedding(Operation.Embedding operation, Node node) {
        give(node.output(), gather(weight(operation.table()), value(node.input(0))));
    }

    /** {@code x[V, D], index[T] -> y[T, D]}: {@code y[t] = x[index[t]]}. */
    @Override
    public void gatherRows(Operation.GatherRows operation, Node node) {
        give(node.output(), gather(value(node.input(0)), value(node.input(1))));
    }

    private static Array gather(Array x, Array index) {
        return Array.of(new int[] {index.longs().length, x.width()}, t -> {
            int row = (int) Objects.checkIndex(index.longs()[t], (long) x.rows());
            return i -> x.at(row, i);
        });
    }

    /** {@code x[T, in], W[out, in], b[out] -> y[T, out]}: {@code y = x W^T + b}. */
    @Override
    public void linear(Operation.Linear operation, Node node) {
        Array w = weight(operation.parameters().weight());
        Weight bias = operation.parameters().bias();
        give(node.output(), product(value(node.input(0)), w, bias == null ? Array.zeros(w.rows()) : weight(bias)));
    }

    /** {@code x[T, in], m[out, in] -> y[T, out]}: {@code y = x m^T}. */
    @Override
    public void product(Operation.Product operation, Node node) {
        Array m = value(node.input(1));
        give(node.output(), product(value(node.input(0)), m, Array.zeros(m.rows())));
    }

    private static Array product(Array x, Array m, Array bias) {
        return Array.of(new int[] {x.rows(), m.rows()}, t -> {
            double[] row = x.row(t);
            return i -> dot(row, 0, m.floats(), i * row.length, row.length) + bias.floats()[i];
        });
    }

    /** {@code sum over i < length of a[atA + i] b[atB + i]}. */
    private static double dot(double[] a, int atA, float[] b, int atB, int length) {
        double sum = 0;
        for (int i = 0; i < length; i++) {
            sum += a[atA + i] * b[atB + i];
        }
        return sum;
    }

    /** {@code x[..., D], gamma[D], beta[D] -> y[..., D]}: {@code (x - mean) / sqrt(variance + epsilon) * gamma + beta}. */
    @Override
    public void layerNorm(Operation.LayerNorm operation, Node node) {
        Array x = value(node.input(0));
        Array gamma = weight(operation.gamma());
        Array beta = weight(operation.beta());
        give(node.output(), Array.of(x.shape(), t -> {
            double mean = mean(x.row(t), each -> each);
            double variance = mean(x.row(t), each -> (each - mean) * (each - mean));
            double deviation = Math.sqrt(variance + operation.epsilon());
            return i -> (x.at(t, i) - mean) / deviation * gamma.floats()[i] + beta.floats()[i];
        }));
    }

    /** {@code x[..., D], w[D] -> y[..., D]}: {@code x / sqrt(mean(x^2) + epsilon) * (1 + w)}. */
    @Override
    public void rmsNorm(Operation.RmsNorm operation, Node node) {
        Array x = value(node.input(0));
        Array w = weight(operation.weight());
        give(node.output(), Array.of(x.shape(), t -> {
            double root = Math.sqrt(mean(x.row(t), each -> each * each) + operation.epsilon());
            return i -> x.at(t, i) / root * (1.0 + w.floats()[i]);
        }));
    }

    private static double mean(double[] x, DoubleUnaryOperator function) {
        return Arrays.stream(x).map(function).sum() / x.length;
    }

    /** {@code x[...] -> y[...]}: {@code 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))}. */
    @Override
    public void gelu(Operation.Gelu operation, Node node) {
        each(node, x -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))));
    }

    /** {@code x[...] -> y[...]}: {@code cap tanh(x / cap)}. */
    @Override
    public void softcap(Operation.Softcap operation, Node node) {
        each(node, x -> softcap(x, operation.cap()));
    }

    private static double softcap(double x, double cap) {
        return cap * Math.tanh(x / cap);
    }

    /** {@code x[...] -> y[...]}: {@code factor x}. */
    @Override
    public void scale(Operation.Scale operation, Node node) {
        each(node, x -> operation.factor() * x);
    }

    private void each(Node node, DoubleUnaryOperator function) {
        Array x = value(node.input(0));
        give(node.output(), Array.of(x.shape(), t -> i -> function.applyAsDouble(x.at(t, i))));
    }

    /** {@code a[...], b[the last sizes of a] -> y[...]}: {@code a + b}. */
    @Override
    public void add(Operation.Add operation, Node node) {
        both(node, Double::sum);
    }

    /** {@code a[...], b[the last sizes of a] -> y[...]}: {@code a b}, element by element. */
    @Override
    public void multiply(Operation.Multiply operation, Node node) {
        both(node, (a, b) -> a * b);
    }

    private void both(Node node, DoubleBinaryOperator function) {
        Array a = value(node.input(0));
        float[] b = value(node.input(1)).floats();
        give(
                node.output(),
                Array.of(a.shape(), t -> i -> function.applyAsDouble(a.at(t, i), b[(t * a.width() + i) % b.length])));
    }

    /**
     * {@code x[T, heads * 2 h], cos[T, h], sin[T, h] -> y[T, heads * 2 h]}: of each head, {@code a = x[j]} and
     * {@code b = x[j + h]} become {@code a cos[j] - b sin[j]} and {@code b cos[j] + a sin[j]}.
     */
    @Override
    public void rope(Operation.Rope operation, Node node) {
        Array x = value(node.input(0));
        Array cos = value(node.input(1));
        Array sin = value(node.input(2));
        int h = cos.width();
        give(node.output(), Array.of(x.shape(), t -> i -> {
            double other = i % (2 * h) < h ? -x.at(t, i + h) : x.at(t, i - h);
            return x.at(t, i) * cos.at(t, i % h) + other * sin.at(t, i % h);
        }));
    }

    /** {@code q[T, heads * D], k[T, kvHeads * D], v[T, kvHeads * D] -> y[T, heads * D]}: rows attend to rows. */
    @Override
    public void attention(Operation.Attention operation, Node node) {
        AttentionSpec spec = operation.spec();
        Array q = value(node.input(0));
        KeysAndValues rows = new KeysAndValues(
                value(node.input(1)).split(), value(node.input(2)).split());
        IntFunction<KeysAndValues> seen = spec.cache() == null ? withinSequences(spec, rows) : sight.of(spec, rows);
        give(node.output(), Array.of(q.shape(), t -> attend(spec, q.row(t), seen.apply(t))));
    }

    private static IntFunction<KeysAndValues> withinSequences(AttentionSpec spec, KeysAndValues rows) {
        int length = spec.sequenceLength() == 0 ? rows.keys().size() : spec.sequenceLength();
        return t -> rows.part(t - t % length, t - t % length + length);
    }

    /** {@code q[heads * D], k[S, kvHeads * D], v[S, kvHeads * D] -> y[heads * D]}: {@code softmax(softcap(scale q k^T)) v}. */
    private static IntToDoubleFunction attend(AttentionSpec spec, double[] q, KeysAndValues seen) {
        int width = spec.headDim();
        double[] y = new double[q.length];
        for (int head = 0; head < spec.heads(); head++) {
            int from = head * width;
            int kv = head / (spec.heads() / spec.kvHeads()) * width;
            double[] probabilities = softmax(seen.keys().stream()
                    .mapToDouble(key -> spec.scale() * dot(q, from, key, kv, width))
                    .map(score -> spec.softcap() == 0 ? score : softcap(score, spec.softcap()))
                    .toArray());
            for (int s = 0; s < probabilities.length; s++) {
                float[] value = seen.values().get(s);
                for (int i = 0; i < width; i++) {
                    y[from + i] += probabilities[s] * value[kv + i];
                }
            }
        }
        return i -> y[i];
    }

    /** {@code exp(x) / sum(exp(x))}, of differences to the largest element, whose powers do not overflow. */
    private static double[] softmax(double[] x) {
        double largest = Arrays.stream(x).max().orElseThrow();
        double[] powers = Arrays.stream(x).map(each -> Math.exp(each - largest)).toArray();
        double sum = Arrays.stream(powers).sum();
        return Arrays.stream(powers).map(power -> power / sum).toArray();
    }

    /** {@code x[...] -> y[another shape]}: the same elements in the same order. */
    @Override
    public void reshape(Operation.Reshape operation, Node node) {
        Array x = value(node.input(0));
        List<Dim> dims = operation.shape().dims();
        long known = dims.stream().filter(Dim::isFixed).mapToLong(Dim::size).reduce(1, Math::multiplyExact);
        if (x.floats().length % known != 0) {
            throw new ArithmeticException(x.floats().length + " elements are no multiple of " + known);
        }
        long rest = x.floats().length / known;
        int[] shape = dims.stream()
                .mapToInt(dim -> (int) (dim.isFixed() ? dim.size() : rest))
                .toArray();
        give(node.output(), new Array(shape, x.floats(), x.longs()));
    }

    /** {@code x[...] -> y[permuted sizes]}: axis {@code a} of y is axis {@code axes[a]} of x. */
    @Override
    public void transpose(Operation.Transpose operation, Node node) {
        Array x = value(node.input(0));
        int[] axes = operation.axes().stream().mapToInt(axis -> axis).toArray();
        int[] xSteps = Arrays.stream(axes).map(x::step).toArray();
        Array y = Array.zeros(Arrays.stream(axes).map(axis -> x.shape()[axis]).toArray());
        int[] ySteps = IntStream.range(0, axes.length).map(y::step).toArray();
        for (int to = 0; to < y.floats().length; to++) {
            int from = 0;
            for (int axis = 0; axis < axes.length; axis++) {
                from += to / ySteps[axis] % y.shape()[axis] * xSteps[axis];
            }
            y.floats()[to] = x.floats()[from];
        }
        give(node.output(), y);
    }

    /** {@code a[A, D], b[B, D] -> y[A + B, D]}: the rows of a, then those of b. */
    @Override
    public void concatRows(Operation.ConcatRows operation, Node node) {
        Array a = value(node.input(0));
        Array b = value(node.input(1));
        int first = a.rows();
        int[] shape = {first + b.rows(), a.width()};
        give(node.output(), Array.of(shape, t -> i -> t < first ? a.at(t, i) : b.at(t - first, i)));
    }

    /** {@code x[T, D] -> y[T]}: the index of the largest element of each row, the lowest among equals. */
    @Override
    public void argMax(Operation.ArgMax operation, Node node) {
        long[] y = value(node.input(0)).split().stream()
                .mapToLong(x -> IntStream.range(0, x.length).reduce(0, (best, i) -> x[i] > x[best] ? i : best))
                .toArray();
        give(node.output(), new Array(new int[] {y.length}, new float[0], y));
    }

    /** {@code x[T, D] -> y[T]}: {@code log(max(softmax(x)))} of each row. */
    @Override
    public void largestLogProbability(Operation.LargestLogProbability operation, Node node) {
        Array x = value(node.input(0));
        IntToDoubleFunction largest =
                t -> Arrays.stream(softmax(x.row(t))).max().orElseThrow();
        give(node.output(), Array.of(new int[] {x.rows()}, row -> t -> Math.log(largest.applyAsDouble(t))));
    }
}
