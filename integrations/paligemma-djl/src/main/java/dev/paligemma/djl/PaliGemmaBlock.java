package dev.paligemma.djl;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractSymbolBlock;
import ai.djl.nn.ParameterList;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import ai.djl.util.passthrough.PassthroughNDArray;
import dev.paligemma.PaliGemmaPipeline;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The place of the network in DJL's sequence of translator, block and translator. What passes through it instead of tensors
 * are {@linkplain #wrap wrapped} objects: a function of the pipeline goes in, its result comes out. Thread-safe.
 */
final class PaliGemmaBlock extends AbstractSymbolBlock {
    private final PaliGemmaPipeline pipeline;

    PaliGemmaBlock(PaliGemmaPipeline pipeline) {
        this.pipeline = pipeline;
    }

    /** What a translator hands to a block. */
    static NDList wrap(Function<PaliGemmaPipeline, ?> task) {
        return new NDList(new PassthroughNDArray(task));
    }

    /** What a block handed to a translator. */
    static Object unwrap(NDList list) {
        return ((PassthroughNDArray) list.singletonOrThrow()).getObject();
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore parameterStore, NDList inputs, boolean training, @Nullable PairList<String, Object> params) {
        @SuppressWarnings("unchecked") // nothing else is made by wrap
        Function<PaliGemmaPipeline, Object> task = (Function<PaliGemmaPipeline, Object>) unwrap(inputs);
        return new NDList(new PassthroughNDArray(task.apply(pipeline)));
    }

    /** None: weights are not DJL's. */
    @Override
    public ParameterList getDirectParameters() {
        return new ParameterList();
    }

    /** Nothing: there are no tensors to describe. */
    @Override
    public PairList<String, Shape> describeInput() {
        return new PairList<>();
    }

    /** Nothing: there are no tensors to describe. */
    @Override
    public PairList<String, Shape> describeOutput() {
        return new PairList<>();
    }
}
