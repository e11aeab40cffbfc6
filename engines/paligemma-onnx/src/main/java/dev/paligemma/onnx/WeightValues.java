package dev.paligemma.onnx;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.engine.weights.WeightSource;
import java.nio.FloatBuffer;

/** Reads small weights of a checkpoint into the Java heap. Immutable. */
record WeightValues(WeightSource source) {

    /** The elements with a constant added to each. */
    float[] plus(Weight weight, float addend) {
        float[] values = read(find(weight));
        for (int i = 0; i < values.length; i++) {
            values[i] += addend;
        }
        return values;
    }

    /** The scale of each output channel of a matrix in {@link MatrixFormat#INT8_CHANNELS}. */
    float[] channelScales(Weight weight) {
        int blocks = Math.toIntExact(MatrixFormat.blocks(weight.size(1)));
        TensorInfo info = source.tensor(MatrixFormat.INT8_CHANNELS.scales(weight.name()));
        float[] repeated = read(info);
        float[] scales = new float[Math.toIntExact(weight.size(0))];
        if (repeated.length != (long) scales.length * blocks) {
            throw new EngineException(
                    "the scales of weight " + weight + " are " + info + ", expected " + scales.length + " x " + blocks);
        }
        for (int channel = 0; channel < scales.length; channel++) {
            scales[channel] = repeated[channel * blocks];
        }
        return scales;
    }

    /** Where a weight lies, checked to have as many elements as the graph expects. */
    TensorInfo find(Weight weight) {
        TensorInfo info = source.tensor(weight.name());
        if (info.elementCount() != weight.elementCount()) {
            throw new EngineException("weight " + weight + " is stored with " + info.elementCount()
                    + " elements, expected " + weight.elementCount());
        }
        return info;
    }

    private float[] read(TensorInfo info) {
        float[] values = new float[Math.toIntExact(info.elementCount())];
        source.readFloats(info, 0, FloatBuffer.wrap(values));
        return values;
    }
}
