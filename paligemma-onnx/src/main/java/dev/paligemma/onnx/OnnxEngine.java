package dev.paligemma.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.checkpoint.Checkpoint;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.Program;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs graphs with ONNX Runtime on the CPU in single precision. Thread-safe. */
final class OnnxEngine implements Engine {
    private static final Logger LOG = LoggerFactory.getLogger(OnnxEngine.class);

    /** Rows of attention scores held at once, over all heads: 135 MB of float32 for the 4112 keys of a 896 px image. */
    private static final int SCORE_ROWS = 8192;

    private final OrtEnvironment environment;
    private final EngineOptions options;
    private final int scoreRows;

    private OnnxEngine(OrtEnvironment environment, EngineOptions options, int scoreRows) {
        this.environment = environment;
        this.options = options;
        this.scoreRows = scoreRows;
    }

    static OnnxEngine create(EngineOptions options) {
        return create(options, SCORE_ROWS);
    }

    /** Makes an engine that holds at most that many rows of attention scores at once. */
    static OnnxEngine create(EngineOptions options, int scoreRows) {
        if (options.device().kind() != Device.Kind.CPU) {
            throw new EngineException("engine 'onnx' computes on the CPU only, got device " + options.device());
        }
        if (options.precision() != Precision.FLOAT32) {
            throw new EngineException(
                    "engine 'onnx' supports only precision float32 so far, got " + options.precision());
        }
        try {
            // The environment is one per JVM and lives as long as it; errors reach the caller as exceptions.
            OrtEnvironment environment =
                    OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "paligemma");
            environment.setTelemetry(false);
            return new OnnxEngine(environment, options, scoreRows);
        } catch (OrtException | UnsatisfiedLinkError | NoClassDefFoundError | ExceptionInInitializerError e) {
            throw new EngineException(
                    "ONNX Runtime has no native library for " + System.getProperty("os.name") + " on "
                            + System.getProperty("os.arch") + ", or it could not be loaded: " + e.getMessage(),
                    e);
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
    public Program compile(Graph graph, Checkpoint checkpoint) {
        long start = System.nanoTime();
        OnnxGraph target = new OnnxGraph(graph.name());
        WeightWriter weights = new WeightWriter(target, checkpoint);
        GraphEmitter.emit(graph, target, weights, scoreRows);
        byte[] model = target.toModel();
        // Session options must outlive the session, so the program closes them.
        OrtSession.SessionOptions settings = new OrtSession.SessionOptions();
        try {
            settings.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            settings.setIntraOpNumThreads(options.threads());
            // Spinning threads gain nothing measurable here and burn the other cores between tokens.
            settings.addConfigEntry("session.intra_op.allow_spinning", "0");
            // Packing would hold a second copy of float32 weights that are mapped from the file.
            settings.addConfigEntry("session.disable_prepacking", "1");
            // Casts of 16-bit weights are evaluated at load, whatever their size, instead of at every run.
            settings.addConfigEntry(
                    "optimization.constant_folding_max_output_size_in_bytes", Long.toString(Long.MAX_VALUE));
            if (weights.folder() != null) {
                settings.addConfigEntry(
                        "session.model_external_initializers_file_folder_path",
                        weights.folder().toString());
            }
            OrtSession session = environment.createSession(model, settings);
            LOG.debug(
                    "compiled graph {} of {} operations into {} bytes of ONNX in {} ms",
                    graph.name(),
                    graph.nodes().size(),
                    model.length,
                    (System.nanoTime() - start) / 1_000_000);
            return new OnnxProgram(graph, environment, session, settings);
        } catch (OrtException e) {
            settings.close();
            throw new EngineException(
                    "ONNX Runtime refused the " + graph.name() + " graph of " + checkpoint.folder() + ": "
                            + e.getMessage(),
                    e);
        }
    }
}
