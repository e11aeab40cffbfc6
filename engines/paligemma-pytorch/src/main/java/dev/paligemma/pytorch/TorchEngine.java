package dev.paligemma.pytorch;

import ai.djl.ndarray.NDManager;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainingEngine;
import dev.paligemma.engine.training.TrainingOptions;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.weights.WeightSource;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs graphs with PyTorch, on one device in one precision, and trains them on that device in the format that the options of
 * training say. Thread-safe.
 */
final class TorchEngine implements TrainingEngine {
    private static final Logger LOG = LoggerFactory.getLogger(TorchEngine.class);

    /** Rows of soft-capped attention scores held at once, over all heads: 135 MB for the 4112 keys of a 896 px image. */
    private static final int SCORE_ROWS = 8192;

    /** What a Java buffer can hold, in whole elements. */
    private static final long PIECE_BYTES = Integer.MAX_VALUE - 3L;

    private final ai.djl.engine.Engine runtime;
    private final EngineOptions options;
    private final ScriptEmitter.Settings settings;

    private TorchEngine(ai.djl.engine.Engine runtime, EngineOptions options, ScriptEmitter.Settings settings) {
        this.runtime = runtime;
        this.options = options;
        this.settings = settings;
    }

    static TorchEngine create(EngineOptions options) {
        return create(options, new ScriptEmitter.Settings(Target.of(options), PIECE_BYTES, SCORE_ROWS));
    }

    /** Makes an engine with other limits. */
    static TorchEngine create(EngineOptions options, ScriptEmitter.Settings settings) {
        return new TorchEngine(TorchRuntime.start(settings.target().device()), options, settings);
    }

    @Override
    public String name() {
        return TorchEngineProvider.NAME;
    }

    @Override
    public String version() {
        return runtime.getVersion();
    }

    @Override
    public EngineOptions options() {
        return options;
    }

    @Override
    public Program compile(Graph graph, WeightSource source) {
        if (source.precision() != Precision.FLOAT32) {
            throw new EngineException("engine 'pytorch' was made for precision " + options.precision() + ", but "
                    + source.folder() + " holds weights converted for " + source.precision()
                    + "; load the original checkpoint");
        }
        return make(graph, source, manager -> compile(graph, source, manager));
    }

    @Override
    public TrainingProgram compileTraining(
            Graph graph, WeightSource weights, TrainedParts parts, TrainingOptions trainingOptions) {
        if (weights.precision() != Precision.FLOAT32) {
            throw new EngineException(weights.folder() + " holds weights converted for " + weights.precision()
                    + ", which cannot be trained on; load the original checkpoint");
        }
        TrainingEmitter.Settings training =
                TrainingEmitter.Settings.of(graph, weights, trainingOptions.frozen(), settings);
        return make(graph, weights, manager -> {
            try {
                return new TorchTrainingProgram(
                        graph, weights, parts, trainingOptions, training, options.threads(), manager);
            } catch (ai.djl.engine.EngineException e) {
                throw TorchTrainingProgram.failed(
                        "prepare the training of graph " + graph.name() + " of " + weights.folder(), e);
            }
        });
    }

    private <P> P make(Graph graph, WeightSource source, Function<NDManager, P> compiler) {
        long start = System.nanoTime();
        NDManager manager = runtime.newBaseManager(ai.djl.Device.cpu());
        try {
            P program = compiler.apply(manager);
            LOG.debug(
                    "compiled graph {} of {} operations in {} ms",
                    graph.name(),
                    graph.nodes().size(),
                    (System.nanoTime() - start) / 1_000_000);
            return program;
        } catch (ai.djl.engine.EngineException e) {
            manager.close();
            throw new EngineException(
                    "PyTorch refused the " + graph.name() + " graph of " + source.folder() + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            manager.close();
            throw e;
        }
    }

    /** What fails here and is not closed goes with the manager. */
    private Program compile(Graph graph, WeightSource source, NDManager manager) {
        Script script = ScriptEmitter.emit(graph, settings);
        TorchDevice device = settings.target().device();
        TorchModule module = TorchModule.load(manager, TorchArchive.of(script.text()), options.threads());
        TensorScope constants = new TensorScope(manager);
        try (WeightLoader loader = new WeightLoader(source, module, device, constants)) {
            return new TorchProgram(graph, device, manager, module, constants, loader.load(script.weights()));
        } catch (RuntimeException e) {
            constants.close();
            throw e;
        }
    }
}
