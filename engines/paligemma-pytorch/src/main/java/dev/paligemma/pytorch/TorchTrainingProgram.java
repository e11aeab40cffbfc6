package dev.paligemma.pytorch;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.training.CheckedTrainingProgram;
import dev.paligemma.engine.training.RowLosses;
import dev.paligemma.engine.training.SequenceRows;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.engine.training.TrainingOptions;
import dev.paligemma.engine.training.UpdateRule;
import dev.paligemma.engine.weights.WeightSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * A compiled training script. What it trains, and all that belongs to that, lives in the script's object. Thread-safe.
 *
 * <p>Torch reads the caller's tensors where they are; only numbers that Java asks for come back, into memory of Java.
 */
final class TorchTrainingProgram extends CheckedTrainingProgram {
    private static final int CHUNK = 1 << 20;

    private final TorchDevice device;
    private final NDManager manager;
    private final TorchModule module;
    /** Owns what frozen weights are views of. */
    private final TensorScope constants;

    private final TrainingScript script;
    private final List<String> names;
    /** Whether parameters have changed since the norms were computed that depend on them. */
    private boolean changed = true;

    /**
     * Compiles a graph.
     *
     * @param threads how many threads an operation may use
     * @param manager the parent of the scopes of its calls, which the program closes; what fails here goes with it
     */
    TorchTrainingProgram(
            Graph graph,
            WeightSource source,
            TrainedParts parts,
            TrainingOptions options,
            TrainingEmitter.Settings settings,
            int threads,
            NDManager manager) {
        super(graph, parts);
        this.device = settings.target().device();
        this.manager = manager;
        this.names = List.copyOf(parameters().keySet());
        this.script = TrainingEmitter.emit(graph, names, parts, options, settings);
        this.module = TorchModule.load(manager, TorchArchive.of(script.text(), TrainingScript.LISTS), threads);
        this.constants = new TensorScope(manager);
        TrainingLoader loader = new TrainingLoader(source, module, device, constants);
        loader.loadFrozen(script.frozen());
        parameters().values().forEach(loader::addParameter);
        graph.weights().stream()
                .filter(weight -> parts.weights().contains(weight.name()))
                .forEach(weight -> loader.loadParameter(names.indexOf(weight.name()), weight));
    }

    @Override
    protected RowLosses compute(TrainingBatch batch, boolean gradients) {
        if (changed && !parts().norms().isEmpty()) {
            call(scope -> module.train("measure", scope, List.of(TrainingLoader.longs(scope, 0))));
        }
        changed = false;
        int rows = Math.toIntExact(batch.targets().shape()[0]);
        HostTensor results = HostTensor.allocate(ElementType.FLOAT32, 2, rows);
        HostTensor sequences =
                HostTensor.allocate(ElementType.INT64, batch.sequences().size(), 2);
        for (int i = 0; i < batch.sequences().size(); i++) {
            SequenceRows sequence = batch.sequences().get(i);
            sequences.longs().put(2 * i, sequence.rows()).put(2 * i + 1, sequence.prefix());
        }
        HostTensor seeds = gradients ? seeds(batch.noise()) : HostTensor.allocate(ElementType.INT64, 0, 2);
        call(scope -> {
            List<PtNDArray> arguments = new ArrayList<>();
            for (String name : script.given()) {
                arguments.add(scope.view(Objects.requireNonNull(batch.inputs().get(name), name)));
            }
            arguments.add(scope.view(batch.targets()));
            arguments.add(scope.view(batch.factors()));
            arguments.add(scope.view(results));
            arguments.add(scope.view(seeds));
            arguments.add(scope.view(sequences));
            module.train(gradients ? "step" : "evaluate", scope, arguments);
        });
        float[] losses = new float[rows];
        boolean[] correct = new boolean[rows];
        results.floats().get(losses);
        for (int row = 0; row < rows; row++) {
            correct[row] = results.floats().get(rows + row) != 0;
        }
        return new RowLosses(losses, correct);
    }

    /** Two numbers of 32 bits for each product that drops, which any other noise changes. */
    private HostTensor seeds(long noise) {
        HostTensor seeds = HostTensor.allocate(ElementType.INT64, script.sites(), 2);
        for (int site = 0; site < script.sites(); site++) {
            long mixed = mix(mix(noise) + site);
            seeds.longs().put(2 * site, mixed & 0xffffffffL).put(2 * site + 1, mixed >>> 32);
        }
        return seeds;
    }

    /** The finaliser of SplitMix64, after one step of it. */
    private static long mix(long number) {
        long z = number + 0x9e3779b97f4a7c15L;
        z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }

    @Override
    protected double change(UpdateRule rule) {
        changed = true;
        double[] decays = names.stream()
                .mapToDouble(name -> parts().undecayed().contains(name) ? 0 : rule.weightDecay())
                .toArray();
        ByteBuffer norm = ByteBuffer.allocateDirect(Double.BYTES).order(ByteOrder.nativeOrder());
        double[] settings;
        String method;
        if (rule instanceof UpdateRule.AdamW adam) {
            method = "adamw";
            settings = new double[] {
                adam.rate(),
                adam.clip(),
                adam.beta1(),
                adam.beta2(),
                adam.epsilon(),
                1 - Math.pow(adam.beta1(), (double) adam.number()),
                1 - Math.pow(adam.beta2(), (double) adam.number())
            };
        } else {
            method = "sgd";
            settings = new double[] {rule.rate(), rule.clip()};
        }
        call(scope -> module.train(
                method, scope, List.of(doubles(scope, settings), doubles(scope, decays), scope.doubles(norm))));
        return norm.getDouble(0);
    }

    private static PtNDArray doubles(TensorScope scope, double[] numbers) {
        ByteBuffer memory =
                ByteBuffer.allocateDirect(numbers.length * Double.BYTES).order(ByteOrder.nativeOrder());
        memory.asDoubleBuffer().put(numbers);
        return scope.doubles(memory);
    }

    @Override
    protected void clear() {
        call(scope -> module.train("clear", scope, List.of(TrainingLoader.longs(scope, 0))));
    }

    @Override
    protected void copyOut(String parameter, Numbers which, FloatBuffer into) {
        chunks(into.remaining(), memory -> {}, parameter, which, "get", memory -> into.put(memory.asFloatBuffer()));
    }

    @Override
    protected void copyIn(String parameter, Numbers which, FloatBuffer from) {
        changed |= which == Numbers.VALUE;
        chunks(
                from.remaining(),
                memory -> {
                    FloatBuffer part = memory.asFloatBuffer();
                    part.put(from.slice(from.position(), part.remaining()));
                    from.position(from.position() + part.limit());
                },
                parameter,
                which,
                "put",
                memory -> {});
    }

    /** Calls a method for each million numbers of a parameter. */
    private void chunks(
            int elements,
            Consumer<ByteBuffer> before,
            String parameter,
            Numbers which,
            String method,
            Consumer<ByteBuffer> after) {
        int index = names.indexOf(parameter);
        ByteBuffer memory = ByteBuffer.allocateDirect(Math.min(CHUNK, elements) * Float.BYTES)
                .order(ByteOrder.nativeOrder());
        for (int done = 0; done < elements; done += CHUNK) {
            int first = done;
            ByteBuffer part = memory.slice(0, Math.min(CHUNK, elements - done) * Float.BYTES)
                    .order(ByteOrder.nativeOrder());
            before.accept(part);
            call(scope -> module.train(
                    method,
                    scope,
                    List.of(
                            TrainingLoader.longs(scope, index),
                            TrainingLoader.longs(scope, list(which)),
                            TrainingLoader.longs(scope, first),
                            TrainingLoader.floats(scope, part))));
            after.accept(part);
        }
    }

    /** Which list of the script has them. */
    private static long list(Numbers which) {
        return switch (which) {
            case VALUE -> 0;
            case GRADIENT -> 1;
            case FIRST_MOMENT -> 2;
            case SECOND_MOMENT -> 3;
        };
    }

    private void call(Consumer<TensorScope> action) {
        try (TensorScope scope = new TensorScope(manager)) {
            action.accept(scope);
        } catch (ai.djl.engine.EngineException e) {
            throw failed("train graph " + graph().name(), e);
        }
    }

    /** What torch says, and what helps. */
    static EngineException failed(String what, ai.djl.engine.EngineException cause) {
        String message = String.valueOf(cause.getMessage());
        boolean memory = Arrays.stream(new String[] {"out of memory", "not enough memory", "can't allocate memory"})
                .anyMatch(message::contains);
        return new EngineException(
                memory
                        ? "not enough memory to " + what
                                + ": compute blocks again in the backward pass (recompute), take fewer rows in a batch,"
                                + " or hold frozen weights in a smaller format (BFLOAT16, NF4): " + message
                        : "PyTorch failed to " + what + ": " + message,
                cause);
    }

    @Override
    protected void free() {
        module.close();
        constants.close();
        manager.close();
        TorchRuntime.release(device);
    }
}
