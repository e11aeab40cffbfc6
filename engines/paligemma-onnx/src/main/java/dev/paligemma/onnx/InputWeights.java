package dev.paligemma.onnx;

import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.onnx.internal.OnnxGraph;
import dev.paligemma.onnx.internal.OnnxType;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Makes the weights of a {@link CanonicalGraph} inputs of the ONNX graph, so that blocks of the same kind share a
 * session. What is too large to be an input, or belongs to one place only, is left to {@link MappedWeights}.
 */
final class InputWeights implements Weights {

    /** What an input takes, in terms of the canonical graph's weights. */
    sealed interface Operand {
        /** The codes of a matrix, {@code uint8[dims]}. */
        record Codes(Weight weight, long[] dims) implements Operand {}

        /** The scales of a matrix, {@code float32[out, 1]}. */
        record ChannelScales(Weight weight) implements Operand {}

        /** A small weight with a constant added to each element, in single precision. */
        record Floats(Weight weight, float addend) implements Operand {}
    }

    private final OnnxGraph graph;
    private final CanonicalGraph source;
    private final MappedWeights mapped;
    private final Map<String, Operand> operands = new LinkedHashMap<>();

    InputWeights(OnnxGraph graph, CanonicalGraph source, MappedWeights mapped) {
        this.graph = graph;
        this.source = source;
        this.mapped = mapped;
    }

    /** What the inputs made so far take, by name. */
    Map<String, Operand> operands() {
        return operands;
    }

    @Override
    public String float32(Weight weight) {
        return plus(weight, 0);
    }

    @Override
    public String plus(Weight weight, float addend) {
        String name = weight.name() + " plus " + addend;
        if (operands.putIfAbsent(name, new Operand.Floats(weight, addend)) == null) {
            graph.input(name, OnnxType.FLOAT, weight.shape().toArray());
        }
        return name;
    }

    @Override
    public String stored(Weight weight) {
        return mapped.stored(weight);
    }

    @Override
    public boolean isFloat32(Weight weight) {
        return mapped.isFloat32(weight);
    }

    @Override
    public boolean has(Weight weight, MatrixFormat format) {
        return mapped.has(source.originalOrSame(weight), format);
    }

    @Override
    public String codes(Weight weight, MatrixFormat format, long... dims) {
        if (format != MatrixFormat.INT8_CHANNELS) {
            return mapped.codes(source.originalOrSame(weight), format, dims);
        }
        String name = format.codes(weight.name());
        if (operands.putIfAbsent(name, new Operand.Codes(weight, dims)) == null) {
            graph.input(name, OnnxType.UINT8, Arrays.stream(dims).boxed().toArray());
        }
        return name;
    }

    @Override
    public String blockScales(Weight weight, MatrixFormat format) {
        return mapped.blockScales(source.originalOrSame(weight), format);
    }

    @Override
    public String channelScales(Weight weight) {
        String name = weight.name() + " channel scales";
        if (operands.putIfAbsent(name, new Operand.ChannelScales(weight)) == null) {
            graph.input(name, OnnxType.FLOAT, weight.size(0), 1);
        }
        return name;
    }
}
