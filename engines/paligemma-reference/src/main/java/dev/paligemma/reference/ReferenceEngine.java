package dev.paligemma.reference;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.engine.training.FrozenFormat;
import dev.paligemma.engine.training.TrainedParts;
import dev.paligemma.engine.training.TrainingEngine;
import dev.paligemma.engine.training.TrainingOptions;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.engine.weights.WeightSource;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * Runs graphs in plain Java, and trains tiny ones. Immutable and thread-safe.
 *
 * @param options float32 on the CPU
 */
record ReferenceEngine(EngineOptions options) implements TrainingEngine {
    @Override
    public String name() {
        return ReferenceEngineProvider.NAME;
    }

    /** The runtime underneath is the virtual machine. */
    @Override
    public String version() {
        Runtime.Version java = Runtime.version();
        return java.feature() + "." + java.interim() + "." + java.update();
    }

    /** Reads the weights; there is nothing else to prepare. */
    @Override
    public Program compile(Graph graph, WeightSource source) {
        return new ReferenceProgram(graph, read(graph, source));
    }

    /** Gradients come from differences, so it is for graphs with few trained numbers: to check other engines. */
    @Override
    public TrainingProgram compileTraining(
            Graph graph, WeightSource source, TrainedParts parts, TrainingOptions options) {
        if (options.frozen() != FrozenFormat.FLOAT32) {
            throw new EngineException("engine 'reference' keeps everything in float32, expected frozen weights in "
                    + FrozenFormat.FLOAT32 + ", got " + options.frozen() + "; use engine 'pytorch'");
        }
        options.dropout().forEach((input, probability) -> {
            if (probability > 0) {
                throw new EngineException("engine 'reference' drops nothing, got a dropout of " + probability + " for "
                        + input + "; use engine 'pytorch'");
            }
        });
        return new ReferenceTrainingProgram(graph, read(graph, source), parts);
    }

    private static Map<Weight, Array> read(Graph graph, WeightSource source) {
        if (source.precision() != Precision.FLOAT32) {
            throw new EngineException("engine 'reference' computes in float32, but " + source.folder()
                    + " holds weights converted for " + source.precision() + "; load the original checkpoint");
        }
        Map<Weight, Array> weights = new HashMap<>();
        try {
            graph.weights().forEach(weight -> weights.put(weight, read(weight, source)));
        } catch (OutOfMemoryError e) {
            throw new EngineException(
                    "engine 'reference' keeps weights in the Java heap, which has no room for the graph " + graph.name()
                            + " of " + source.folder() + "; raise -Xmx or use another engine",
                    e);
        }
        return weights;
    }

    /** A weight, widened to float32, in the shape in which the graph uses it. */
    private static Array read(Weight weight, WeightSource source) {
        TensorInfo info = source.tensor(weight.name());
        if (info.elementCount() != weight.elementCount()) {
            throw new EngineException("weight " + weight + " is stored with " + info.elementCount()
                    + " elements, expected " + weight.elementCount());
        }
        Array array =
                Array.zeros(weight.shape().stream().mapToInt(Math::toIntExact).toArray());
        source.readFloats(info, 0, FloatBuffer.wrap(array.floats()));
        return array;
    }
}
