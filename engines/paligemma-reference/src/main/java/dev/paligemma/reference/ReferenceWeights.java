package dev.paligemma.reference;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.checkpoint.Checkpoint;
import dev.paligemma.engine.checkpoint.TensorInfo;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Weight;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Reads the weights of a graph into the Java heap, as float32; the only class that reads a checkpoint. Stateless.
 */
final class ReferenceWeights {
    private ReferenceWeights() {}

    /**
     * Reads all weights of a graph, each once, in the shape in which the graph uses it.
     *
     * @throws EngineException if they do not fit the graph or the heap, or are stored for another precision
     */
    static Map<Weight, Array> read(Graph graph, Checkpoint source) {
        if (source.precision() != Precision.FLOAT32) {
            throw new EngineException("engine 'reference' computes in float32, but " + source.folder()
                    + " holds weights converted for " + source.precision() + "; load the original checkpoint");
        }
        Map<Weight, Array> weights = new HashMap<>();
        for (Weight weight : weightsOf(graph)) {
            weights.put(weight, read(weight, source));
        }
        return weights;
    }

    private static Array read(Weight weight, Checkpoint source) {
        TensorInfo info = source.tensor(weight.name());
        if (info.elementCount() != weight.elementCount()) {
            throw new EngineException("weight " + weight + " is stored with " + info.elementCount()
                    + " elements, expected " + weight.elementCount());
        }
        if (!info.dtype().isFloatWeight()) {
            throw new EngineException(
                    "weight " + weight + " is stored as " + info.dtype() + ", expected F32, BF16 or F16");
        }
        try {
            Array array = Array.zeros(weight.shape().stream().mapToInt(Math::toIntExact).toArray());
            source.readFloats(info, 0, FloatBuffer.wrap(array.floats()));
            return array;
        } catch (OutOfMemoryError e) {
            throw new EngineException(
                    "engine 'reference' keeps weights in the Java heap, which has no room for " + weight + " of "
                            + source.folder() + "; raise -Xmx or use another engine",
                    e);
        }
    }

    private static Set<Weight> weightsOf(Graph graph) {
        Set<Weight> weights = new LinkedHashSet<>();
        for (Node node : graph.nodes()) {
            if (node.operation() instanceof Operation.Embedding embedding) {
                weights.add(embedding.table());
            } else if (node.operation() instanceof Operation.Parameter parameter) {
                weights.add(parameter.weight());
            } else if (node.operation() instanceof Operation.Linear linear) {
                weights.add(linear.weights().weight());
                if (linear.weights().bias() != null) {
                    weights.add(linear.weights().bias());
                }
            } else if (node.operation() instanceof Operation.LayerNorm norm) {
                weights.add(norm.gamma());
                weights.add(norm.beta());
            } else if (node.operation() instanceof Operation.RmsNorm norm) {
                weights.add(norm.weight());
            }
        }
        return weights;
    }
}
