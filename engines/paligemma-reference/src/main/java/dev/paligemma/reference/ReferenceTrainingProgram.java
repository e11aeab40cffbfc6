package dev.paligemma.reference;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.training.CheckedTrainingProgram;
import dev.paligemma.engine.training.RowLosses;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainedParts.InverseNorm;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.engine.training.UpdateRule;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Trains by the definition of a derivative: each number of each parameter is moved a little in both directions, and the
 * graph computed again. Knows nothing of derivatives of operations, and so can check those of others.
 */
final class ReferenceTrainingProgram extends CheckedTrainingProgram {
    static final int LARGEST = 20_000;

    /**
     * How far a number is moved. Operations round to float32, which a smaller step shows as noise; a larger one leaves more of
     * what the formula neglects, the fifth derivative. Between them gradients are right to 1e-4 of the largest.
     */
    private static final float STEP = 0x1p-7f;

    private final Map<String, TrainedParameter> parameters = new LinkedHashMap<>();
    private final Map<Weight, Array> weights;
    private final Map<String, Array> norms = new HashMap<>();
    private final Graph toLogits;
    private boolean normsAreOld = true;

    ReferenceTrainingProgram(Graph graph, Map<Weight, Array> weights, TrainedParts parts) {
        super(graph, parts);
        this.weights = weights;
        this.toLogits = toLogits(graph);
        long numbers = parameters().values().stream()
                .mapToLong(sizes -> sizes.stream().reduce(1L, Math::multiplyExact))
                .reduce(0, Math::addExact);
        if (numbers > LARGEST) {
            throw new EngineException(
                    "engine 'reference' computes the graph four times for each trained number and takes at most "
                            + LARGEST + " of them, got " + numbers + " in "
                            + parameters().size()
                            + " parameters of graph " + graph.name() + "; use engine 'pytorch'");
        }
        parameters().forEach((name, sizes) -> {
            int[] shape = sizes.stream().mapToInt(Math::toIntExact).toArray();
            Array value = parts.weights().contains(name) ? weight(name) : Array.zeros(shape);
            parameters.put(name, TrainedParameter.of(value));
        });
        parts.norms().values().forEach(norm -> requireFits(graph, norm));
    }

    private static void requireFits(Graph graph, InverseNorm norm) {
        if (graph.weights().stream().noneMatch(weight -> weight.name().equals(norm.weight()))) {
            throw new IllegalArgumentException("graph " + graph.name() + " has no weight '" + norm.weight() + "'");
        }
    }

    /** The nodes that the logits need. */
    private static Graph toLogits(Graph graph) {
        Tensor logits = Objects.requireNonNull(graph.outputs().get(LOGITS));
        Set<Integer> needed = new HashSet<>(Set.of(logits.id()));
        Deque<Node> nodes = new ArrayDeque<>();
        for (int i = graph.nodes().size() - 1; i >= 0; i--) {
            Node node = graph.nodes().get(i);
            if (needed.contains(node.output().id())) {
                node.inputs().forEach(input -> needed.add(input.id()));
                nodes.addFirst(node);
            }
        }
        return new Graph(graph.name(), graph.inputs(), nodes.stream().toList(), Map.of(LOGITS, logits), Map.of());
    }

    private Array weight(String name) {
        return weights.entrySet().stream()
                .filter(entry -> entry.getKey().name().equals(name))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no weight '" + name + "'"));
    }

    private TrainedParameter parameter(String name) {
        return Objects.requireNonNull(parameters.get(name), name);
    }

    @Override
    protected RowLosses compute(TrainingBatch batch, boolean gradients) {
        refreshNorms();
        Map<String, Array> inputs = new HashMap<>(norms);
        batch.inputs().forEach((name, tensor) -> inputs.put(name, Array.of(tensor)));
        parts().inputs()
                .keySet()
                .forEach(name -> inputs.put(name, parameter(name).value()));
        Array logits = logits(batch, inputs);
        double[] losses = losses(batch, logits);
        if (gradients) {
            // All of them before any is added, so that a failure leaves them as they were.
            Map<TrainedParameter, float[]> slopes = new LinkedHashMap<>();
            parameters.values().forEach(parameter -> slopes.put(parameter, slopes(batch, inputs, parameter)));
            slopes.forEach((parameter, numbers) -> add(numbers, parameter.gradient()));
        }
        float[] rounded = new float[losses.length];
        boolean[] correct = new boolean[losses.length];
        for (int row = 0; row < losses.length; row++) {
            rounded[row] = (float) losses[row];
            double[] x = logits.row(row);
            int best = IntStream.range(0, x.length).reduce(0, (first, i) -> x[i] > x[first] ? i : first);
            correct[row] = best == batch.targets().longs().get(row);
        }
        return new RowLosses(rounded, correct);
    }

    private static void add(float[] numbers, float[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] += numbers[i];
        }
    }

    private Array logits(TrainingBatch batch, Map<String, Array> inputs) {
        Interpreter interpreter = new Interpreter(toLogits, weights, new SequenceSight(batch.sequences()));
        interpreter.compute(inputs);
        return interpreter.result(LOGITS);
    }

    /** {@code log(sum(exp(x))) - x[target]} of each row, of differences to the largest element. */
    private static double[] losses(TrainingBatch batch, Array logits) {
        return IntStream.range(0, logits.rows())
                .mapToDouble(row -> {
                    double[] x = logits.row(row);
                    double largest = Arrays.stream(x).max().orElseThrow();
                    double sum = Arrays.stream(x)
                            .map(each -> Math.exp(each - largest))
                            .sum();
                    return Math.log(sum)
                            + largest
                            - x[(int) batch.targets().longs().get(row)];
                })
                .toArray();
    }

    private double loss(TrainingBatch batch, Map<String, Array> inputs) {
        double[] losses = losses(batch, logits(batch, inputs));
        FloatBuffer factors = batch.factors().floats();
        return IntStream.range(0, losses.length)
                .mapToDouble(row -> factors.get(row) * losses[row])
                .sum();
    }

    /** {@code (8 (f(x + h) - f(x - h)) - (f(x + 2 h) - f(x - 2 h))) / (12 h)} for each number x of a parameter. */
    private float[] slopes(TrainingBatch batch, Map<String, Array> inputs, TrainedParameter parameter) {
        float[] numbers = parameter.value().floats();
        float[] slopes = new float[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            float before = numbers[i];
            try {
                double near = difference(batch, inputs, numbers, i, STEP);
                numbers[i] = before;
                double far = difference(batch, inputs, numbers, i, 2 * STEP);
                slopes[i] = (float) ((8 * near - far) / (12 * STEP));
            } finally {
                numbers[i] = before;
            }
        }
        return slopes;
    }

    private double difference(TrainingBatch batch, Map<String, Array> inputs, float[] numbers, int i, float step) {
        float middle = numbers[i];
        numbers[i] = middle + step;
        double above = loss(batch, inputs);
        numbers[i] = middle - step;
        return above - loss(batch, inputs);
    }

    @Override
    protected double change(UpdateRule rule) {
        double norm = Math.sqrt(parameters.values().stream()
                .mapToDouble(TrainedParameter::sumOfSquares)
                .sum());
        if (Double.isFinite(norm)) {
            double scale = Math.min(1, rule.clip() / (norm + 1e-6));
            parameters.forEach((name, parameter) ->
                    parameter.change(rule, scale, parts().undecayed().contains(name) ? 0 : rule.weightDecay()));
            normsAreOld = true;
        }
        clear();
        return norm;
    }

    private void refreshNorms() {
        if (normsAreOld) {
            parts().norms().forEach((name, norm) -> norms.put(name, inverse(norm)));
            normsAreOld = false;
        }
    }

    private Array inverse(InverseNorm norm) {
        Array w = weight(norm.weight());
        Array a = parameter(norm.down()).value();
        Array b = parameter(norm.up()).value();
        return Array.of(new int[] {w.rows()}, all -> row -> {
            double sum = 0;
            for (int i = 0; i < w.width(); i++) {
                double added = 0;
                for (int r = 0; r < a.rows(); r++) {
                    added += b.at(row, r) * a.at(r, i);
                }
                double changed = w.at(row, i) + norm.factor() * added;
                sum += changed * changed;
            }
            return 1 / Math.sqrt(sum);
        });
    }

    @Override
    protected void clear() {
        parameters.values().forEach(TrainedParameter::clearGradient);
    }

    @Override
    protected void copyOut(String parameter, Numbers which, FloatBuffer into) {
        into.put(parameter(parameter).numbers(which));
    }

    @Override
    protected void copyIn(String parameter, Numbers which, FloatBuffer from) {
        from.get(parameter(parameter).numbers(which));
        normsAreOld = true;
    }

    @Override
    protected void free() {
        parameters.clear();
        weights.clear();
    }
}
