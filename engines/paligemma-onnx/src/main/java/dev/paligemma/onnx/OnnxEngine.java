package dev.paligemma.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.engine.weights.WeightSource;
import dev.paligemma.onnx.internal.LoadFailure;
import dev.paligemma.onnx.internal.NativeLibraries;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs graphs with ONNX Runtime on the CPU. Thread-safe. */
final class OnnxEngine implements Engine {
    private static final Logger LOG = LoggerFactory.getLogger(OnnxEngine.class);

    /** Rows of attention scores held at once, over all heads: 135 MB of float32 for the 4112 keys of a 896 px image. */
    private static final int SCORE_ROWS = 8192;

    private final OrtEnvironment environment;
    private final EngineOptions options;
    private final int scoreRows;
    private final boolean exactProducts;

    private OnnxEngine(OrtEnvironment environment, EngineOptions options, int scoreRows, boolean exactProducts) {
        this.environment = environment;
        this.options = options;
        this.scoreRows = scoreRows;
        this.exactProducts = exactProducts;
    }

    static OnnxEngine create(EngineOptions options) {
        return create(options, SCORE_ROWS);
    }

    /** Makes an engine that holds at most that many rows of attention scores at once. */
    static OnnxEngine create(EngineOptions options, int scoreRows) {
        if (options.device().kind() != Device.Kind.CPU) {
            throw new EngineException("engine 'onnx' computes on the CPU only, got device " + options.device());
        }
        if (options.precision() == Precision.BFLOAT16) {
            throw new EngineException("engine 'onnx' computes in float32, int8 and int4, got precision "
                    + options.precision() + "; files in bfloat16 are read in each of these");
        }
        NativeLibraries.prepare();
        try {
            // The environment is one per JVM and lives as long as it; errors reach the caller as exceptions.
            OrtEnvironment environment =
                    OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "paligemma");
            environment.setTelemetry(false);
            boolean exact =
                    options.precision() == Precision.FLOAT32 || ProductProbe.unsignedBySignedIsExact(environment);
            return new OnnxEngine(environment, options, scoreRows, exact);
        } catch (OrtException | UnsatisfiedLinkError | NoClassDefFoundError | ExceptionInInitializerError e) {
            throw new EngineException(LoadFailure.describe(e), e);
        }
    }

    @Override
    public String name() {
        return OnnxEngineProvider.NAME;
    }

    @Override
    public String version() {
        return environment.getVersion();
    }

    @Override
    public EngineOptions options() {
        return options;
    }

    @Override
    public Program compile(Graph graph, WeightSource source) {
        if (source.precision() != options.precision()) {
            throw new EngineException("engine 'onnx' was made for precision " + options.precision() + ", but "
                    + source.folder() + " holds weights in " + source.precision());
        }
        CachedAttentionEmitter.requireOneWindow(graph.caches());
        long start = System.nanoTime();
        try {
            // Who chooses int4 wants the smallest process.
            boolean keepMapped = options.precision() != Precision.INT4;
            OnnxProgram program = new GraphCompiler(environment, source, options.threads(), keepMapped, this::settings)
                    .compile(graph);
            LOG.debug(
                    "compiled graph {} of {} operations in {} ms",
                    graph.name(),
                    graph.nodes().size(),
                    (System.nanoTime() - start) / 1_000_000);
            return program;
        } catch (OrtException e) {
            throw new EngineException(
                    "ONNX Runtime refused the " + graph.name() + " graph of " + source.folder() + ": " + e.getMessage(),
                    e);
        }
    }

    private GraphEmitter.Settings settings(Phase phase) {
        return new GraphEmitter.Settings(options.precision() != Precision.FLOAT32, phase, scoreRows, exactProducts);
    }
}
