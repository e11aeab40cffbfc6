package dev.paligemma.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.engine.spi.Signature;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

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

    private final Signature signature;

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
        this.signature = new Signature(graph);
    }

    @Override
    public Graph graph() {
        return graph;
    }

    @Override
    public void run(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
        if (signature.keepsState()) {
            throw new IllegalStateException("graph " + graph.name() + " has caches: run it through newState()");
        }
        run(next, inputs, outputs, Map.of(), Map.of());
    }

    @Override
    public DecodingState newState(int expectedRows) {
        if (!signature.keepsState()) {
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

    Signature signature() {
        return signature;
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
        signature.check(inputs, outputs);
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
