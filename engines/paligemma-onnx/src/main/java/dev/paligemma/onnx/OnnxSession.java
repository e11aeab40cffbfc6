package dev.paligemma.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.paligemma.onnx.internal.OnnxModel;
import java.util.HashMap;
import java.util.concurrent.ForkJoinPool;
import org.jspecify.annotations.Nullable;

/** A session of ONNX Runtime with its settings, which must outlive it. Thread-safe until it is closed. */
final class OnnxSession implements AutoCloseable {
    private final OrtEnvironment environment;
    private final OrtSession.SessionOptions settings;

    /** Dropped once the session is made. */
    private byte @Nullable [] model;

    private @Nullable OrtSession session;
    private @Nullable OrtException failure;

    private OnnxSession(OrtEnvironment environment, byte[] model, OrtSession.SessionOptions settings) {
        this.environment = environment;
        this.model = model;
        this.settings = settings;
    }

    /**
     * Loads a model.
     *
     * @param pack whether matrices are copied into the order that the kernels like best
     */
    static OnnxSession create(OrtEnvironment environment, OnnxModel model, int threads, boolean pack)
            throws OrtException {
        OnnxSession created = prepare(environment, model, threads, pack);
        try {
            created.get();
            return created;
        } catch (OrtException | RuntimeException e) {
            created.close();
            throw e;
        }
    }

    /**
     * Loads a model on the common pool, while the caller goes on. Whoever needs it first waits for it, or loads it if the
     * pool has not come to it yet; a failure is reported there.
     */
    static OnnxSession createLater(OrtEnvironment environment, OnnxModel model, int threads, boolean pack)
            throws OrtException {
        OnnxSession later = prepare(environment, model, threads, pack);
        ForkJoinPool.commonPool().execute(later::load);
        return later;
    }

    private static OnnxSession prepare(OrtEnvironment environment, OnnxModel model, int threads, boolean pack)
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
            if (model.folder() != null) {
                settings.addConfigEntry(
                        "session.model_external_initializers_file_folder_path",
                        model.folder().toString());
            }
            if (!model.computed().isEmpty()) {
                settings.addExternalInitializers(new HashMap<>(model.computed()));
            }
            return new OnnxSession(environment, model.bytes(), settings);
        } catch (OrtException | RuntimeException e) {
            settings.close();
            throw e;
        }
    }

    /** Loads the model unless that was done, or the session is closed. Others wait meanwhile. */
    private synchronized void load() {
        if (model != null) {
            try {
                session = environment.createSession(model, settings);
            } catch (OrtException e) {
                failure = e;
            }
            model = null;
        }
    }

    /**
     * The session, once it is loaded.
     *
     * @throws OrtException if it could not be loaded
     * @throws IllegalStateException if it is closed
     */
    synchronized OrtSession get() throws OrtException {
        load();
        if (failure != null) {
            throw failure;
        }
        if (session == null) {
            throw new IllegalStateException("the session is closed");
        }
        return session;
    }

    /** Waits until the model is loaded, if that was begun, and frees it. */
    @Override
    public synchronized void close() throws OrtException {
        model = null;
        try {
            if (session != null) {
                session.close();
                session = null;
            }
        } finally {
            settings.close();
        }
    }
}
