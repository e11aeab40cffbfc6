package dev.paligemma.pytorch;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import dev.paligemma.engine.graph.ElementType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Supplier;

/**
 * A script that torch has compiled. Thread-safe, but must not be closed during a call.
 *
 * <p>Calls run with automatic differentiation switched off, but for those that train.
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
        return settled(() -> IValueUtils.runMethod(block, method, arguments));
    }

    /**
     * Calls a method of a script that trains: {@code (self, inputs: List[Tensor]) -> Tensor}. It may compute gradients, and
     * gives back nothing of interest.
     *
     * @param scope owns the arguments
     * @throws ai.djl.engine.EngineException if torch fails
     */
    void train(String method, TensorScope scope, List<PtNDArray> arguments) {
        // The one public call that does not forbid gradients. It takes names of tensors for what to do with them.
        PtNDArray marker = scope.allocate(ElementType.FLOAT32, 0);
        marker.setName("module_method:" + method);
        NDList list = new NDList(marker);
        for (PtNDArray argument : arguments) {
            argument.setName("inputs[]");
            list.add(argument);
        }
        boolean gradients = JniUtils.isGradMode();
        try {
            settled(() -> IValueUtils.forward(block, list, true));
        } finally {
            JniUtils.setGradMode(gradients);
        }
    }

    private <T> T settled(Supplier<T> call) {
        // The number belongs to the calling thread, at least in part, and other programs may want another one.
        if (JniUtils.getNumThreads() != threads) {
            JniUtils.setNumThreads(threads);
        }
        // As the other setting: it belongs to the thread. Each method would be analysed anew in its first two calls,
        // which takes longer than the analysis saves.
        JniUtils.setGraphExecutorOptimize(false);
        try {
            return call.get();
        } finally {
            JniUtils.setGraphExecutorOptimize(true);
        }
    }

    @Override
    public void close() {
        block.close();
    }
}
