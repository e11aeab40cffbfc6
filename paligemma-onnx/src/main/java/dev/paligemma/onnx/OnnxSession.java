package dev.paligemma.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A session of ONNX Runtime with its settings, which must outlive it. Thread-safe until it is closed. */
final class OnnxSession implements AutoCloseable {
    private final OrtSession session;
    private final OrtSession.SessionOptions settings;

    private OnnxSession(OrtSession session, OrtSession.SessionOptions settings) {
        this.session = session;
        this.settings = settings;
    }

    /**
     * Loads a model.
     *
     * @param folder where its external constants lie, or null if it has none
     * @param pack whether matrices are copied into the order that the kernels like best
     */
    static OnnxSession create(
            OrtEnvironment environment, byte[] model, @Nullable Path folder, int threads, boolean pack)
            throws OrtException {
        OrtSession.SessionOptions settings = new OrtSession.SessionOptions();
        try {
            settings.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            settings.setIntraOpNumThreads(threads);
            // Spinning threads gain nothing measurable here and burn the other cores between tokens.
            settings.addConfigEntry("session.intra_op.allow_spinning", "0");
            settings.addConfigEntry("session.disable_prepacking", pack ? "0" : "1");
            // Casts of 16-bit weights are evaluated at load, whatever their size, instead of at every run.
            settings.addConfigEntry(
                    "optimization.constant_folding_max_output_size_in_bytes", Long.toString(Long.MAX_VALUE));
            if (folder != null) {
                settings.addConfigEntry("session.model_external_initializers_file_folder_path", folder.toString());
            }
            return new OnnxSession(environment.createSession(model, settings), settings);
        } catch (OrtException | RuntimeException e) {
            settings.close();
            throw e;
        }
    }

    OrtSession get() {
        return session;
    }

    @Override
    public void close() throws OrtException {
        session.close();
        settings.close();
    }
}
