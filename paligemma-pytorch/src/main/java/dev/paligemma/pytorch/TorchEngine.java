package dev.paligemma.pytorch;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.checkpoint.Checkpoint;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.Program;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs graphs with PyTorch on the CPU, in single precision. Thread-safe. */
final class TorchEngine implements Engine {
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
        return create(options, new ScriptEmitter.Settings(PIECE_BYTES, SCORE_ROWS));
    }

    /** Makes an engine with other limits. */
    static TorchEngine create(EngineOptions options, ScriptEmitter.Settings settings) {
        if (options.device().kind() != Device.Kind.CPU) {
            throw new EngineException("engine 'pytorch' computes on the CPU only, got device " + options.device());
        }
        if (options.precision() != Precision.FLOAT32) {
            throw new EngineException("engine 'pytorch' computes in float32, got precision " + options.precision()
                    + "; files in bfloat16 and float16 are read in float32");
        }
        return new TorchEngine(TorchRuntime.start(), options, settings);
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
    public Program compile(Graph graph, Checkpoint checkpoint) {
        if (checkpoint.precision() != options.precision()) {
            throw new EngineException("engine 'pytorch' was made for precision " + options.precision() + ", but "
                    + checkpoint.folder() + " holds weights in " + checkpoint.precision());
        }
        long start = System.nanoTime();
        NDManager manager = runtime.newBaseManager(ai.djl.Device.cpu());
        try {
            Program program = compile(graph, checkpoint, manager);
            LOG.debug(
                    "compiled graph {} of {} operations in {} ms",
                    graph.name(),
                    graph.nodes().size(),
                    (System.nanoTime() - start) / 1_000_000);
            return program;
        } catch (ai.djl.engine.EngineException e) {
            manager.close();
            throw new EngineException(
                    "PyTorch refused the " + graph.name() + " graph of " + checkpoint.folder() + ": " + e.getMessage(),
                    e);
        } catch (RuntimeException e) {
            manager.close();
            throw e;
        }
    }

    /** What fails here is closed with the manager. */
    private Program compile(Graph graph, Checkpoint checkpoint, NDManager manager) {
        Script script = ScriptEmitter.emit(graph, settings);
        TorchModule module = TorchModule.load(manager, TorchArchive.of(script.text()), options.threads());
        TensorScope constants = new TensorScope(manager);
        List<PtNDArray> weights = new WeightLoader(checkpoint, module, constants).load(script.weights());
        return new TorchProgram(graph, manager, module, constants, weights);
    }
}
