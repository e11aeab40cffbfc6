package dev.paligemma.pytorch;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * A script that torch has compiled. Thread-safe, but must not be closed during a call.
 *
 * <p>Calls run with automatic differentiation switched off.
 */
final class TorchModule implements AutoCloseable {
    private final PtSymbolBlock block;
    private final int threads;

    private TorchModule(PtSymbolBlock block, int threads) {
        this.block = block;
        this.threads = threads;
    }

    /**
     * Compiles a script.
     *
     * @param threads how many threads an operation may use
     * @throws ai.djl.engine.EngineException if torch refuses it
     */
    static TorchModule load(NDManager manager, byte[] archive, int threads) {
        try {
            return new TorchModule(
                    JniUtils.loadModule((PtNDManager) manager, new ByteArrayInputStream(archive), false, false),
                    threads);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Calls a method.
     *
     * @return the result, to be closed by the caller
     * @throws ai.djl.engine.EngineException if torch fails
     */
    IValue call(String method, IValue... arguments) {
        // The number belongs to the calling thread, at least in part, and other programs may want another one.
        if (JniUtils.getNumThreads() != threads) {
            JniUtils.setNumThreads(threads);
        }
        // As the other setting: it belongs to the thread. Each method would be analysed anew in its first two calls,
        // which takes
        // longer than the analysis saves.
        JniUtils.setGraphExecutorOptimize(false);
        try {
            return IValueUtils.runMethod(block, method, arguments);
        } finally {
            JniUtils.setGraphExecutorOptimize(true);
        }
    }

    @Override
    public void close() {
        block.close();
    }
}
