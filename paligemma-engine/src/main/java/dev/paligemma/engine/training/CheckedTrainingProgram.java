package dev.paligemma.engine.training;

import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.spi.Signature;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A training program that refuses whatever does not fit before native code sees it, and that makes one call at a time. An
 * engine adds how to compute.
 */
public abstract class CheckedTrainingProgram implements TrainingProgram {
    /** The output of which the loss is computed. */
    public static final String LOGITS = "logits";

    private final Graph graph;
    private final TrainedParts parts;
    private final Map<String, List<Long>> parameters;
    private final Signature given;
    private final Tensor logits;
    private final ReentrantLock lock = new ReentrantLock();
    private boolean closed;

    /** A program of a graph; an {@link IllegalArgumentException} if the graph has not what is to be trained. */
    protected CheckedTrainingProgram(Graph graph, TrainedParts parts) {
        this.graph = graph;
        this.parts = parts;
        this.logits = logitsOf(graph);
        this.parameters = parametersOf(graph, parts);
        Map<String, Tensor> inputs = new LinkedHashMap<>(graph.inputs());
        inputs.keySet().removeAll(parts.inputs().keySet());
        inputs.keySet().removeAll(parts.norms().keySet());
        this.given = new Signature(new Graph(graph.name(), inputs, List.of(), Map.of(LOGITS, logits), Map.of()));
    }

    private static Tensor logitsOf(Graph graph) {
        Tensor logits = graph.outputs().get(LOGITS);
        if (logits == null || logits.shape().rank() != 2) {
            throw new IllegalArgumentException("graph " + graph.name() + " has no output '" + LOGITS
                    + "' of rows, which training needs; it has " + graph.outputs());
        }
        return logits;
    }

    private static boolean fits(Tensor input, List<Long> sizes) {
        Shape shape = input.shape();
        return input.type() == ElementType.FLOAT32
                && shape.rank() == sizes.size()
                && IntStream.range(0, shape.rank())
                        .allMatch(axis ->
                                !shape.dim(axis).isFixed() || shape.dim(axis).size() == sizes.get(axis));
    }

    private static Map<String, List<Long>> parametersOf(Graph graph, TrainedParts parts) {
        Map<String, List<Long>> found = new LinkedHashMap<>();
        parts.inputs().forEach((name, sizes) -> {
            Tensor input = graph.inputs().get(name);
            if (input == null || !fits(input, sizes)) {
                throw new IllegalArgumentException("graph " + graph.name() + " has no float32 input '" + name
                        + "' of sizes " + sizes + ", got " + input);
            }
            found.put(name, List.copyOf(sizes));
        });
        graph.weights().stream()
                .filter(weight -> parts.weights().contains(weight.name()))
                .forEach(weight -> found.put(weight.name(), List.copyOf(weight.shape())));
        List<String> missing = new ArrayList<>(parts.weights());
        missing.removeAll(found.keySet());
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException("graph " + graph.name() + " has no weights " + missing);
        }
        parts.norms().keySet().stream()
                .filter(name -> !graph.inputs().containsKey(name))
                .findFirst()
                .ifPresent(name -> {
                    throw new IllegalArgumentException("graph " + graph.name() + " has no input '" + name + "'");
                });
        return Collections.unmodifiableMap(found);
    }

    /** {@link #step} or {@link #evaluate}, with a batch that fits. */
    protected abstract RowLosses compute(TrainingBatch batch, boolean gradients);

    /** {@link #update}. */
    protected abstract double change(UpdateRule rule);

    /** {@link #clearGradients}. */
    protected abstract void clear();

    /** {@link #read} of a known parameter into a buffer of its size. */
    protected abstract void copyOut(String parameter, Numbers which, FloatBuffer into);

    /** {@link #write} of a known parameter from a buffer of its size. */
    protected abstract void copyIn(String parameter, Numbers which, FloatBuffer from);

    /** Frees what the program holds. Called once, while nothing runs. */
    protected abstract void free();

    @Override
    public final Graph graph() {
        return graph;
    }

    /** What is trained. */
    protected final TrainedParts parts() {
        return parts;
    }

    @Override
    public final Map<String, List<Long>> parameters() {
        return parameters;
    }

    @Override
    public final RowLosses step(TrainingBatch batch) {
        check(batch);
        return alone(() -> compute(batch, true));
    }

    @Override
    public final RowLosses evaluate(TrainingBatch batch) {
        check(batch);
        return alone(() -> compute(batch, false));
    }

    @Override
    public final double update(UpdateRule rule) {
        return alone(() -> change(rule));
    }

    @Override
    public final void clearGradients() {
        alone(() -> {
            clear();
            return true;
        });
    }

    @Override
    public final void read(String parameter, Numbers which, FloatBuffer into) {
        requireSize(parameter, into);
        alone(() -> {
            copyOut(parameter, which, into);
            return true;
        });
    }

    @Override
    public final void write(String parameter, Numbers which, FloatBuffer from) {
        requireSize(parameter, from);
        alone(() -> {
            copyIn(parameter, which, from);
            return true;
        });
    }

    private void requireSize(String parameter, FloatBuffer buffer) {
        List<Long> sizes = parameters.get(parameter);
        if (sizes == null) {
            throw new IllegalArgumentException("no parameter '" + parameter + "'; trained are " + parameters.keySet());
        }
        long elements = sizes.stream().reduce(1L, Math::multiplyExact);
        if (buffer.remaining() != elements) {
            throw new IllegalArgumentException("parameter '" + parameter + "' has the sizes " + sizes + ", expected "
                    + elements + " numbers, got " + buffer.remaining());
        }
    }

    private void check(TrainingBatch batch) {
        if (batch.sequences().isEmpty()) {
            throw new IllegalArgumentException("a batch must hold at least one sequence");
        }
        long targets = batch.targets().shape().length == 1 ? batch.targets().shape()[0] : 0;
        boolean fits = targets > 0
                && batch.targets().type() == ElementType.INT64
                && batch.factors().type() == ElementType.FLOAT32
                && Arrays.equals(batch.factors().shape(), batch.targets().shape());
        if (!fits) {
            throw new IllegalArgumentException(
                    "expected targets int64[R] and factors float32[R] with R at least 1, got " + batch.targets()
                            + " and " + batch.factors());
        }
        long tokens = logits.shape().dim(1).size();
        LongBuffer ids = batch.targets().longs();
        for (int row = 0; row < targets; row++) {
            if (ids.get(row) < 0 || ids.get(row) >= tokens) {
                throw new IllegalArgumentException(
                        "target " + row + " must be a token from 0 to " + (tokens - 1) + ", got " + ids.get(row));
            }
        }
        Map<String, Long> symbols = new HashMap<>();
        know(symbols, logits.shape().dim(0), targets);
        Dim rows = graph.cachedRows();
        if (rows != null) {
            know(symbols, rows, batch.rows());
        }
        given.checkInputs(batch.inputs(), symbols);
    }

    private static void know(Map<String, Long> symbols, Dim dim, long size) {
        if (!dim.isFixed()) {
            symbols.put(dim.symbol(), size);
        }
    }

    private <T> T alone(Supplier<T> action) {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the training program of graph " + graph.name() + " is closed");
            }
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public final void close() {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                free();
            }
        } finally {
            lock.unlock();
        }
    }
}
