package dev.paligemma.pytorch;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.engine.spi.Signature;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A compiled script with its weights. Thread-safe.
 *
 * <p>Torch reads the caller's inputs and writes the caller's outputs where they are; only the script knows whether it copies
 * them to a device in between. Freeing a script while it runs would
 * end the JVM; the lock below is what prevents that.
 */
final class TorchProgram implements Program {
    private final Graph graph;
    private final Signature signature;
    private final NDManager manager;
    private final TorchModule module;
    /** Owns the weights. */
    private final TensorScope constants;

    private final TorchDevice device;
    private final IValue weights;
    /** Calls hold the read side, closing the write side. */
    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    private volatile boolean closed;

    /** Something that calls torch, with a scope for its arguments. */
    interface Call<T> {
        /** Calls torch. */
        T with(TorchModule module, TensorScope scope);
    }

    /**
     * A program that closes what it is given.
     *
     * @param manager the parent of the scopes of its calls
     * @param constants owns the weights
     */
    TorchProgram(
            Graph graph,
            TorchDevice device,
            NDManager manager,
            TorchModule module,
            TensorScope constants,
            IValue weights) {
        this.graph = graph;
        this.device = device;
        this.signature = new Signature(graph);
        this.manager = manager;
        this.module = module;
        this.constants = constants;
        this.weights = weights;
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
        signature.check(inputs, outputs);
        run(Run.STATELESS, inputs, outputs, scope -> List.of());
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
        return new TorchDecodingState(this, expectedRows);
    }

    @Override
    public DecodingState join(List<DecodingState> states) {
        if (states.isEmpty()) {
            throw new IllegalArgumentException("at least one state must be joined");
        }
        List<TorchDecodingState> own = new ArrayList<>();
        for (DecodingState state : states) {
            if (!(state instanceof TorchDecodingState cached) || !cached.isOf(this)) {
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
        TorchDecodingState joined = TorchDecodingState.join(this, own);
        own.forEach(TorchDecodingState::close);
        return joined;
    }

    Signature signature() {
        return signature;
    }

    /** Arguments after those of all runs. */
    interface StateArguments {
        /** The arguments, which the scope owns or which outlive it. */
        List<IValue> in(TensorScope scope);
    }

    /** One run, with tensors that have been checked. */
    void run(Run run, Map<String, HostTensor> inputs, Map<String, HostTensor> outputs, StateArguments state) {
        call((script, scope) -> {
            List<PtNDArray> in = new ArrayList<>();
            for (String name : graph.inputs().keySet()) {
                in.add(scope.view(Objects.requireNonNull(inputs.get(name), name)));
            }
            PtNDArray nothing = scope.allocate(ElementType.FLOAT32, 0);
            List<PtNDArray> out = new ArrayList<>();
            boolean[] wanted = new boolean[graph.outputs().size()];
            for (String name : graph.outputs().keySet()) {
                HostTensor output = outputs.get(name);
                wanted[out.size()] = output != null;
                out.add(output == null ? nothing : scope.view(output));
            }
            List<IValue> arguments =
                    new ArrayList<>(List.of(weights, scope.list(in), scope.list(out), scope.booleans(wanted)));
            arguments.addAll(state.in(scope));
            script.call(run.method, arguments.toArray(new IValue[0])).close();
            return true;
        });
    }

    /** Calls torch while nobody can close the program. */
    <T> T call(Call<T> call) {
        lock.readLock().lock();
        try {
            requireOpen();
            try (TensorScope scope = new TensorScope(manager)) {
                return call.with(module, scope);
            }
        } catch (ai.djl.engine.EngineException e) {
            throw new EngineException("PyTorch failed in graph " + graph.name() + ": " + e.getMessage(), e);
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
                module.close();
                constants.close();
                manager.close();
                TorchRuntime.release(device);
            }
        } finally {
            lock.writeLock().unlock();
        }
    }
}
