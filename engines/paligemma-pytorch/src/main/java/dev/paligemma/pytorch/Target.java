package dev.paligemma.pytorch;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.machine.Processor;

/**
 * Where and in which types a script computes: all that its text depends on beside the graph. Immutable.
 *
 * <p>What goes from one operation to the next is float32 everywhere, and so are norms, softmax and rotary embedding.
 *
 * @param device where it computes
 * @param matrices how the matrices of products and the tables of embeddings are held; other weights are float32
 * @param attention how keys and values are cached, and what the two products of attention take
 * @param fewRows up to how many rows a product takes activations in the type of the matrix, too; with more rows the matrix
 *     is widened, block by block. Only for matrices that are not float32
 */
record Target(TorchDevice device, NumberType matrices, NumberType attention, int fewRows) {
    /**
     * Processors without bfloat16 arithmetic emulate it: reading half the bytes wins as long as there are so few rows that
     * a product is limited by memory, and loses by a factor of four with many.
     */
    private static final int FEW_ROWS = 4;

    private static final int ALL_ROWS = Integer.MAX_VALUE;

    /**
     * What suits an engine's options.
     *
     * @throws EngineException if torch does not compute in that precision
     */
    static Target of(EngineOptions options) {
        TorchDevice device = TorchDevice.of(options.device());
        return switch (options.precision()) {
            case FLOAT32 -> single(device);
            case BFLOAT16 ->
                device.isGpu()
                        ? new Target(device, NumberType.BFLOAT16, NumberType.BFLOAT16, ALL_ROWS)
                        : new Target(
                                device,
                                NumberType.BFLOAT16,
                                NumberType.FLOAT32,
                                Processor.ofThisMachine().multipliesBfloat16() ? ALL_ROWS : FEW_ROWS);
            case INT8, INT4 ->
                throw new EngineException("engine 'pytorch' computes in float32 and bfloat16, got precision "
                        + options.precision() + "; the engine 'onnx' has int8 and int4");
        };
    }

    /** Single precision throughout. */
    static Target single(TorchDevice device) {
        return new Target(device, NumberType.FLOAT32, NumberType.FLOAT32, 0);
    }

    /** Whether the matrices are float32, as activations are. */
    boolean isSingle() {
        return matrices == NumberType.FLOAT32;
    }
}
