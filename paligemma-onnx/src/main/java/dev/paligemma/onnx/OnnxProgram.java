package dev.paligemma.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * Sessions of ONNX Runtime that together run a graph. Thread-safe.
 *
 * <p>Closing a session while it runs, or passing it a closed tensor, would end the JVM; the lock below and the
 * ownership of tensors by {@link TensorScope} are what prevents that.
 */
final class OnnxProgram implements Program {
    private final Graph graph;
    private final OrtEnvironment environment;
    private final Pipeline prefix;
    private final Pipeline next;
    private final List<OnnxSession> sessions;
    /** Small weights that the sessions take as inputs. */
    private final TensorScope constants;
    /** The dimension that counts the rows of a run; null if the graph keeps no state. */
    private final @Nullable Dim cachedRows;

    private final BufferPool buffers;
    /** Runs hold the read side, closing the write side. */
    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    private volatile boolean closed;

    /**
     * A program of sessions it will close.
     *
     * @param prefix serves the first run of a sequence
     * @param next serves all other runs
     */
    OnnxProgram(
            Graph graph,
            OrtEnvironment environment,
            BufferPool buffers,
            Pipeline prefix,
            Pipeline next,
            List<OnnxSession> sessions,
            TensorScope constants) {
        this.graph = graph;
        this.environment = environment;
        this.buffers = buffers;
        this.prefix = prefix;
        this.next = next;
        this.sessions = List.copyOf(sessions);
        this.constants = constants;
        this.cachedRows = graph.nodes().stream()
                .filter(node -> node.operation() instanceof Operation.Attention attention
                        && attention.spec().cache() != null)
                .map(node -> node.output().shape().dim(0))
                .findFirst()
                .orElse(null);
    }

    @Override
    public Graph graph() {
        return graph;
    }

    @Override
    public void run(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
        if (cachedRows != null) {
            throw new IllegalStateException("graph " + graph.name() + " has caches: run it through newState()");
        }
        run(next, inputs, outputs, Map.of(), Map.of());
    }

    @Override
    public DecodingState newState(int expectedRows) {
        if (cachedRows == null) {
            throw new IllegalStateException("graph " + graph.name() + " has no caches");
        }
        if (expectedRows < 0) {
            throw new IllegalArgumentException("expectedRows must be at least 0, got " + expectedRows);
        }
        requireOpen();
        return new OnnxDecodingState(this, expectedRows);
    }

    @Override
    public DecodingState join(List<DecodingState> states) {
        if (states.isEmpty()) {
            throw new IllegalArgumentException("at least one state must be joined");
        }
        List<OnnxDecodingState> own = new ArrayList<>();
        for (DecodingState state : states) {
            if (!(state instanceof OnnxDecodingState cached) || !cached.isOf(this)) {
                throw new IllegalArgumentException(
                        "only states of this program of graph " + graph.name() + " can be joined, got " + state);
            }
            cached.requireUsable();
            if (cached.length(0) == 0) {
                throw new IllegalArgumentException("a state can be joined once its prefix has been run");
            }
            if (own.contains(cached)) {
                throw new IllegalArgumentException("a state can be joined with others, not with itself");
            }
            own.add(cached);
        }
        requireOpen();
        DecodingState joined = OnnxDecodingState.join(this, own);
        own.forEach(OnnxDecodingState::close);
        return joined;
    }

    OrtEnvironment environment() {
        return environment;
    }

    BufferPool buffers() {
        return buffers;
    }

    /** How many rows a run of a graph with caches holds, read from the inputs. */
    int cachedRows(Map<String, HostTensor> inputs) {
        for (Map.Entry<String, Tensor> declared : graph.inputs().entrySet()) {
            HostTensor tensor = inputs.get(declared.getKey());
            int axis = declared.getValue().shape().dims().indexOf(cachedRows);
            if (tensor != null && axis >= 0 && axis < tensor.shape().length) {
                return Math.toIntExact(tensor.shape()[axis]);
            }
        }
        throw new IllegalArgumentException(
                "graph " + graph.name() + " takes the inputs " + graph.inputs().keySet() + ", got " + inputs.keySet());
    }

    /** Runs the first rows of a sequence. */
    void runPrefix(
            Map<String, HostTensor> inputs,
            Map<String, HostTensor> outputs,
            Map<String, OnnxTensor> cacheInputs,
            Map<String, OnnxTensor> cacheOutputs) {
        run(prefix, inputs, outputs, cacheInputs, cacheOutputs);
    }

    /** Runs one later row of each sequence. */
    void runNext(
            Map<String, HostTensor> inputs,
            Map<String, HostTensor> outputs,
            Map<String, OnnxTensor> cacheInputs,
            Map<String, OnnxTensor> cacheOutputs) {
        run(next, inputs, outputs, cacheInputs, cacheOutputs);
    }

    /** The cache tensors are not checked here, as no caller can reach them. */
    private void run(
            Pipeline pipeline,
            Map<String, HostTensor> inputs,
            Map<String, HostTensor> outputs,
            Map<String, OnnxTensor> cacheInputs,
            Map<String, OnnxTensor> cacheOutputs) {
        if (!inputs.keySet().equals(graph.inputs().keySet())) {
            throw new IllegalArgumentException("graph " + graph.name() + " takes the inputs "
                    + graph.inputs().keySet() + ", got " + inputs.keySet());
        }
        if (outputs.isEmpty() || !graph.outputs().keySet().containsAll(outputs.keySet())) {
            throw new IllegalArgumentException("graph " + graph.name() + " gives the outputs "
                    + graph.outputs().keySet() + ", got " + outputs.keySet());
        }
        Map<String, Long> symbols = new HashMap<>();
        inputs.forEach((name, tensor) -> check(name, tensor, graph.inputs().get(name), symbols));
        outputs.forEach((name, tensor) -> check(name, tensor, graph.outputs().get(name), symbols));
        lock.readLock().lock();
        try (TensorScope scope = new TensorScope(environment)) {
            requireOpen();
            Map<String, OnnxTensor> in = new HashMap<>(cacheInputs);
            for (Map.Entry<String, HostTensor> entry : inputs.entrySet()) {
                in.put(entry.getKey(), scope.view(entry.getValue()));
            }
            Map<String, OnnxTensor> out = new HashMap<>(cacheOutputs);
            for (Map.Entry<String, HostTensor> entry : outputs.entrySet()) {
                out.put(entry.getKey(), scope.view(entry.getValue()));
            }
            pipeline.run(in, out);
        } catch (OrtException e) {
            throw new EngineException("ONNX Runtime failed in graph " + graph.name() + ": " + e.getMessage(), e);
        } finally {
            lock.readLock().unlock();
        }
    }

    private void check(String name, HostTensor tensor, @Nullable Tensor declared, Map<String, Long> symbols) {
        Objects.requireNonNull(declared, name);
        long[] shape = tensor.shape();
        boolean fits = tensor.type() == declared.type()
                && shape.length == declared.shape().rank();
        for (int axis = 0; fits && axis < shape.length; axis++) {
            Dim dim = declared.shape().dim(axis);
            Long expected = dim.isFixed() ? Long.valueOf(dim.size()) : symbols.putIfAbsent(dim.symbol(), shape[axis]);
            fits = expected == null || expected == shape[axis];
        }
        if (!fits) {
            throw new IllegalArgumentException("graph " + graph.name() + " expects " + name + " to be "
                    + declared.type() + declared.shape() + ", got " + tensor + " where " + symbols);
        }
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the program of graph " + graph.name() + " is closed");
        }
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                for (OnnxSession session : sessions) {
                    session.close();
                }
                constants.close();
                buffers.clear();
            }
        } catch (OrtException e) {
            throw new EngineException("ONNX Runtime failed to close graph " + graph.name() + ": " + e.getMessage(), e);
        } finally {
            lock.writeLock().unlock();
        }
    }
}
