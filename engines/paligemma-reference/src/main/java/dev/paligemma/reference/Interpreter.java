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
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One run of a graph, one method for each operation. Used once, by one thread.
 *
 * <p>What flows between operations is float32. Within an operation everything is computed in double precision and rounded
 * once at the end, so that a result is what the equation says, and no order of summation is part of it. In the shapes
 * below, {@code T} is a number of rows and {@code ...} any leading sizes.
 */
final class Interpreter implements Operation.Visitor {
    private final Graph graph;
    private final Map<Weight, Array> weights;
    private final List<Map<String, KeysAndValues>> sequences;
    /** What has been computed and is still to be read. */
    private final Map<Tensor, Array> values = new HashMap<>();
    /** How often each tensor is still to be read. */
    private final Map<Tensor, Integer> readers = new HashMap<>();
    /** The sizes that only a run knows, by their symbols. */
    private final Map<String, Long> sizes = new HashMap<>();

    /** How an element of a row of the result follows from a row {@code x[t]} of the input. */
    private interface RowFunction {
        /** Gives the elements {@code y[t, i]} by {@code i}. */
        IntToDoubleFunction of(double[] x, int t);
    }

    /** An interpreter; the run fills the caches of the sequences, which have names. */
    Interpreter(Graph graph, Map<Weight, Array> weights, List<Map<String, KeysAndValues>> sequences) {
        this.graph = graph;
        this.weights = weights;
        this.sequences = sequences;
    }

    /** Computes everything in the recorded order; what nobody will read any more is dropped on the way. */
    void run(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
        graph.nodes().forEach(node -> node.inputs().forEach(tensor -> readers.merge(tensor, 1, Integer::sum)));
        outputs.forEach((name, target) -> {
            readers.merge(output(name), 1, Integer::sum);
            requireShape(output(name), target.shape());
        });
        inputs.forEach((name, tensor) -> write(Objects.requireNonNull(graph.inputs().get(name)), Array.of(tensor)));
        for (Node node : graph.nodes()) {
            node.operation().accept(this, node);
        }
        outputs.forEach((name, target) -> read(output(name)).copyTo(target));
    }

    private Tensor output(String name) {
        return Objects.requireNonNull(graph.outputs().get(name), name);
    }

    private Array read(Weight weight) {
        return Objects.requireNonNull(weights.get(weight), weight::toString);
    }

    private Array read(Tensor tensor) {
        Array value = Objects.requireNonNull(values.get(tensor), tensor::toString);
        if (readers.merge(tensor, -1, Integer::sum) == 0) {
            values.remove(tensor);
        }
        return value;
    }

    private void write(Tensor tensor, Array value) {
        requireShape(tensor, Arrays.stream(value.shape()).asLongStream().toArray());
        if (readers.containsKey(tensor)) {
            values.put(tensor, value);
        }
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

    /** Computes a result of the shape of the first input, element by element. */
    private void byRow(Node node, RowFunction function) {
        Array x = read(node.input(0));
        Array y = Array.zeros(x.shape());
        int width = x.width();
        for (int t = 0, rows = x.rows(); t < rows; t++) {
            IntToDoubleFunction elements = function.of(x.row(t), t);
            for (int i = 0; i < width; i++) {
                y.floats()[t * width + i] = (float) elements.applyAsDouble(i);
            }
        }
        write(node.output(), y);
    }

    private static double mean(double[] x, DoubleUnaryOperator function) {
        double sum = 0;
        for (double element : x) {
            sum += function.applyAsDouble(element);
        }
        return sum / x.length;
    }

    /** {@code sum over i < length of a[atA + i] b[atB + i]}. */
    private static double dot(double[] a, int atA, double[] b, int atB, int length) {
        double sum = 0;
        for (int i = 0; i < length; i++) {
            sum += a[atA + i] * b[atB + i];
        }
        return sum;
    }

    /** {@code -> w[...]}: the weight itself. */
    @Override
    public void parameter(Operation.Parameter operation, Node node) {
        write(node.output(), read(operation.weight()));
    }

    /** {@code ids[T], table[V, D] -> y[T, D]}: {@code y[t] = table[ids[t]]}. */
    @Override
    public void embedding(Operation.Embedding operation, Node node) {
        gather(read(operation.table()), read(node.input(0)), node);
    }

    /** {@code x[V, D], index[T] -> y[T, D]}: {@code y[t] = x[index[t]]}. */
    @Override
    public void gatherRows(Operation.GatherRows operation, Node node) {
        gather(read(node.input(0)), read(node.input(1)), node);
    }

    private void gather(Array x, Array index, Node node) {
        int width = x.width();
        int rows = x.rows();
        Array y = Array.zeros(index.longs().length, width);
        for (int t = 0; t < index.longs().length; t++) {
            long row = index.longs()[t];
            if (row < 0 || row >= rows) {
                throw new EngineException("graph " + graph.name() + ", " + node.output() + ": expected indices from 0 to "
                        + (rows - 1) + ", got " + row + " at " + t);
            }
            System.arraycopy(x.floats(), (int) row * width, y.floats(), t * width, width);
        }
        write(node.output(), y);
    }

    /** {@code x[T, in], W[out, in], b[out] -> y[T, out]}: {@code y = x W^T + b}. */
    @Override
    public void linear(Operation.Linear operation, Node node) {
        Weight bias = operation.weights().bias();
        multiply(read(operation.weights().weight()), bias == null ? null : read(bias), node);
    }

    /** {@code x[T, in], m[out, in] -> y[T, out]}: {@code y = x m^T}. */
    @Override
    public void product(Operation.Product operation, Node node) {
        multiply(read(node.input(1)), null, node);
    }

    private void multiply(Array m, @Nullable Array bias, Node node) {
        List<double[]> x = read(node.input(0)).split();
        int out = m.rows();
        Array y = Array.zeros(x.size(), out);
        for (int o = 0; o < out; o++) {
            double[] row = m.row(o);
            double shift = bias == null ? 0 : bias.floats()[o];
            for (int t = 0; t < x.size(); t++) {
                y.floats()[t * out + o] = (float) (dot(x.get(t), 0, row, 0, row.length) + shift);
            }
        }
        write(node.output(), y);
    }

    /** {@code x[..., D], gamma[D], beta[D] -> y[..., D]}: {@code (x - mean) / sqrt(variance + epsilon) * gamma + beta}. */
    @Override
    public void layerNorm(Operation.LayerNorm operation, Node node) {
        float[] gamma = read(operation.gamma()).floats();
        float[] beta = read(operation.beta()).floats();
        byRow(node, (x, t) -> {
            double mean = mean(x, each -> each);
            double variance = mean(x, each -> (each - mean) * (each - mean));
            double deviation = Math.sqrt(variance + operation.epsilon());
            return i -> (x[i] - mean) / deviation * gamma[i] + beta[i];
        });
    }

    /** {@code x[..., D], w[D] -> y[..., D]}: {@code x / sqrt(mean(x^2) + epsilon) * (1 + w)}. */
    @Override
    public void rmsNorm(Operation.RmsNorm operation, Node node) {
        float[] w = read(operation.weight()).floats();
        byRow(node, (x, t) -> {
            double root = Math.sqrt(mean(x, each -> each * each) + operation.epsilon());
            return i -> x[i] / root * (1 + (double) w[i]);
        });
    }

    /** {@code x[...] -> y[...]}: {@code 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))}. */
    @Override
    public void gelu(Operation.Gelu operation, Node node) {
        double factor = Math.sqrt(2 / Math.PI);
        byRow(node, (x, t) -> i -> 0.5 * x[i] * (1 + Math.tanh(factor * (x[i] + 0.044715 * x[i] * x[i] * x[i]))));
    }

    /** {@code x[...] -> y[...]}: {@code cap tanh(x / cap)}. */
    @Override
    public void softcap(Operation.Softcap operation, Node node) {
        byRow(node, (x, t) -> i -> softcap(x[i], operation.cap()));
    }

    private static double softcap(double x, double cap) {
        return cap * Math.tanh(x / cap);
    }

    /** {@code x[...] -> y[...]}: {@code factor x}. */
    @Override
    public void scale(Operation.Scale operation, Node node) {
        byRow(node, (x, t) -> i -> operation.factor() * x[i]);
    }

    /** {@code a[...], b[the last sizes of a] -> y[...]}: {@code a + b}. */
    @Override
    public void add(Operation.Add operation, Node node) {
        float[] b = read(node.input(1)).floats();
        byRow(node, (a, t) -> i -> a[i] + b[(t * a.length + i) % b.length]);
    }

    /** {@code a[...], b[the last sizes of a] -> y[...]}: {@code a b}, element by element. */
    @Override
    public void multiply(Operation.Multiply operation, Node node) {
        float[] b = read(node.input(1)).floats();
        byRow(node, (a, t) -> i -> a[i] * b[(t * a.length + i) % b.length]);
    }

    /**
     * {@code x[T, heads * 2 h], cos[T, h], sin[T, h] -> y[T, heads * 2 h]}: of each head, {@code a = x[j]} and
     * {@code b = x[j + h]} become {@code a cos[j] - b sin[j]} and {@code b cos[j] + a sin[j]}.
     */
    @Override
    public void rope(Operation.Rope operation, Node node) {
        Array cosines = read(node.input(1));
        Array sines = read(node.input(2));
        int h = cosines.width();
        byRow(node, (x, t) -> {
            double[] cos = cosines.row(t);
            double[] sin = sines.row(t);
            return i -> x[i] * cos[i % h] + (i % (2 * h) < h ? -x[i + h] : x[i - h]) * sin[i % h];
        });
    }

    /**
     * {@code q[T, heads * D], k[T, kvHeads * D], v[T, kvHeads * D] -> y[T, heads * D]}: each row attends to the rows that
     * it {@linkplain #seen sees}.
     */
    @Override
    public void attention(Operation.Attention operation, Node node) {
        AttentionSpec spec = operation.spec();
        KeysAndValues rows = new KeysAndValues(read(node.input(1)).split(), read(node.input(2)).split());
        boolean prefix = spec.cache() != null && sequences.get(0).putIfAbsent(spec.cache(), rows) == null;
        byRow(node, (q, t) -> attend(spec, q, prefix ? rows : seen(spec, rows, t)));
    }

    /**
     * What a row sees outside of a prefix, in which all rows see all: without a cache its own sequence; with one, where row
     * {@code t} is the next one of sequence {@code t}, that sequence with this row, or the window at its end.
     */
    private KeysAndValues seen(AttentionSpec spec, KeysAndValues rows, int t) {
        if (spec.cache() == null) {
            int length = spec.sequenceLength() == 0 ? rows.count() : spec.sequenceLength();
            if (rows.count() % length != 0) {
                throw new EngineException("graph " + graph.name() + ": expected whole sequences for the attention " + spec
                        + ", got " + rows.count() + " rows");
            }
            return rows.part(t - t % length, t - t % length + length);
        }
        KeysAndValues own = Objects.requireNonNull(sequences.get(t).get(spec.cache()));
        own.append(rows.keys().get(t), rows.values().get(t));
        return own.part(spec.window() == 0 ? 0 : Math.max(0, own.count() - spec.window()), own.count());
    }

    /** {@code q[heads * D], k[S, kvHeads * D], v[S, kvHeads * D] -> y[heads * D]}: {@code softmax(softcap(scale q k^T)) v}. */
    private static IntToDoubleFunction attend(AttentionSpec spec, double[] q, KeysAndValues seen) {
        int width = spec.headDim();
        double[] y = new double[q.length];
        for (int head = 0; head < spec.heads(); head++) {
            int from = head * width;
            int kv = head / (spec.heads() / spec.kvHeads()) * width;
            double[] scores = seen.keys().stream()
                    .mapToDouble(key -> spec.scale() * dot(q, from, key, kv, width))
                    .map(score -> spec.softcap() == 0 ? score : softcap(score, spec.softcap()))
                    .toArray();
            double[] probabilities = softmax(scores);
            for (int s = 0; s < probabilities.length; s++) {
                double[] value = seen.values().get(s);
                for (int i = 0; i < width; i++) {
                    y[from + i] += probabilities[s] * value[kv + i];
                }
            }
        }
        return i -> y[i];
    }

    /** {@code exp(x) / sum(exp(x))}, of differences to the largest element, whose powers do not overflow. */
    private static double[] softmax(double[] x) {
        double largest = largest(x);
        double[] powers = Arrays.stream(x).map(each -> Math.exp(each - largest)).toArray();
        double sum = Arrays.stream(powers).sum();
        return Arrays.stream(powers).map(power -> power / sum).toArray();
    }

    private static double largest(double[] x) {
        return Arrays.stream(x).reduce(Double.NEGATIVE_INFINITY, Math::max);
    }

    /** {@code x[...] -> y[another shape]}: the same elements in the same order. */
    @Override
    public void reshape(Operation.Reshape operation, Node node) {
        Array x = read(node.input(0));
        List<Dim> dims = operation.shape().dims();
        int known = Math.toIntExact(dims.stream().filter(Dim::isFixed).mapToLong(Dim::size).reduce(1, Math::multiplyExact));
        int rest = x.floats().length / known;
        if (rest * known != x.floats().length) {
            throw new EngineException("graph " + graph.name() + ", " + node.output() + ": expected a multiple of " + known
                    + " elements, got " + x.floats().length);
        }
        int[] shape = dims.stream().mapToInt(dim -> dim.isFixed() ? (int) dim.size() : rest).toArray();
        write(node.output(), new Array(shape, x.floats(), x.longs()));
    }

    /** {@code x[...] -> y[permuted sizes]}: axis {@code i} of y is axis {@code axes[i]} of x. */
    @Override
    public void transpose(Operation.Transpose operation, Node node) {
        Array x = read(node.input(0));
        int[] axes = operation.axes().stream().mapToInt(axis -> axis).toArray();
        int[] steps = new int[axes.length];
        for (int axis = axes.length - 1, step = 1; axis >= 0; axis--) {
            steps[axis] = step;
            step *= x.shape()[axis];
        }
        Array y = Array.zeros(Arrays.stream(axes).map(axis -> x.shape()[axis]).toArray());
        for (int to = 0; to < y.floats().length; to++) {
            int from = 0;
            int rest = to;
            for (int axis = axes.length - 1; axis >= 0; axis--) {
                from += rest % y.shape()[axis] * steps[axes[axis]];
                rest /= y.shape()[axis];
            }
            y.floats()[to] = x.floats()[from];
        }
        write(node.output(), y);
    }

    /** {@code a[A, D], b[B, D] -> y[A + B, D]}: the rows of a, then those of b. */
    @Override
    public void concatRows(Operation.ConcatRows operation, Node node) {
        Array a = read(node.input(0));
        Array b = read(node.input(1));
        Array y = Array.zeros(a.rows() + b.rows(), a.width());
        System.arraycopy(a.floats(), 0, y.floats(), 0, a.floats().length);
        System.arraycopy(b.floats(), 0, y.floats(), a.floats().length, b.floats().length);
        write(node.output(), y);
    }

    /** {@code x[T, D] -> y[T]}: the index of the largest element of each row, the lowest among equals. */
    @Override
    public void argMax(Operation.ArgMax operation, Node node) {
        long[] y = read(node.input(0)).split().stream()
                .mapToLong(x -> IntStream.range(0, x.length).reduce(0, (best, i) -> x[i] > x[best] ? i : best))
                .toArray();
        write(node.output(), new Array(new int[] {y.length}, new float[0], y));
    }

    /** {@code x[T, D] -> y[T]}: {@code log(max(softmax(x)))} of each row. */
    @Override
    public void largestLogProbability(Operation.LargestLogProbability operation, Node node) {
        List<double[]> x = read(node.input(0)).split();
        Array y = Array.zeros(x.size());
        for (int t = 0; t < x.size(); t++) {
            y.floats()[t] = (float) Math.log(largest(softmax(x.get(t))));
        }
        write(node.output(), y);
    }
}
