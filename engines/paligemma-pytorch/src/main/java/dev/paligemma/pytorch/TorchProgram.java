package dev.paligemma.pytorch;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.spi.CheckedProgram;
import dev.paligemma.engine.spi.HostTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A compiled script with its weights. Thread-safe.
 *
 * <p>Torch reads the caller's inputs and writes the caller's outputs where they are; only the script knows whether it copies
 * them to a device in between.
 */
final class TorchProgram extends CheckedProgram<TorchDecodingState> {
    private final NDManager manager;
    private final TorchModule module;
    /** Owns the weights. */
    private final TensorScope constants;

    private final TorchDevice device;
    private final IValue weights;

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
        super(graph, TorchDecodingState.class);
        this.device = device;
        this.manager = manager;
        this.module = module;
        this.constants = constants;
        this.weights = weights;
    }

    @Override
    protected void compute(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
        run(Run.STATELESS, inputs, outputs, scope -> List.of());
    }

    @Override
    protected TorchDecodingState start(int expectedRows) {
        return new TorchDecodingState(this, expectedRows);
    }

    @Override
    protected TorchDecodingState gather(List<TorchDecodingState> states) {
        return TorchDecodingState.join(this, states);
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
            for (String name : graph().inputs().keySet()) {
                in.add(scope.view(Objects.requireNonNull(inputs.get(name), name)));
            }
            PtNDArray nothing = scope.allocate(ElementType.FLOAT32, 0);
            List<PtNDArray> out = new ArrayList<>();
            boolean[] wanted = new boolean[graph().outputs().size()];
            for (String name : graph().outputs().keySet()) {
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
        try {
            return whileOpen(() -> {
                try (TensorScope scope = new TensorScope(manager)) {
                    return call.with(module, scope);
                }
            });
        } catch (ai.djl.engine.EngineException e) {
            throw new EngineException("PyTorch failed in graph " + graph().name() + ": " + e.getMessage(), e);
        }
    }

    @Override
    protected void free() {
        module.close();
        constants.close();
        manager.close();
        TorchRuntime.release(device);
    }
}
