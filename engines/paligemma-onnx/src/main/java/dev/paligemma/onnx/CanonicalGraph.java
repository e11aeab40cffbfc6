package dev.paligemma.onnx;

import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A piece of a graph under names that do not say where it stands, so that all blocks of a network are equal and can
 * share one session that takes their weights as inputs. Immutable.
 *
 * <p>Tables of embeddings keep their names, as they are too large to be an input. Windows are dropped: they do not matter
 * to the prefix, which is what such pieces run.
 *
 * @param graph the piece under neutral names
 * @param inputs for each neutral input its name in the original
 * @param outputs for each neutral output its name in the original
 * @param weights for each neutral weight the original
 * @param caches for each neutral cache the original
 */
record CanonicalGraph(
        Graph graph,
        Map<String, String> inputs,
        Map<String, String> outputs,
        Map<Weight, Weight> weights,
        Map<AttentionSpec, AttentionSpec> caches) {

    static CanonicalGraph of(Graph piece) {
        return new Renaming().rename(piece);
    }

    /** Confined to one thread; used once. */
    private static final class Renaming {
        private final Map<Tensor, Tensor> tensors = new HashMap<>();
        private final Map<Dim, Dim> dims = new HashMap<>();
        private final Map<Weight, Weight> neutralWeights = new HashMap<>();
        private final Map<Weight, Weight> weights = new LinkedHashMap<>();
        private final Map<AttentionSpec, AttentionSpec> caches = new LinkedHashMap<>();

        CanonicalGraph rename(Graph piece) {
            Map<String, Tensor> inputs = new LinkedHashMap<>();
            Map<String, String> inputNames = new LinkedHashMap<>();
            piece.inputs().forEach((name, tensor) -> {
                String neutral = "in" + inputs.size();
                inputs.put(neutral, tensor(tensor));
                inputNames.put(neutral, name);
            });
            List<Node> nodes = new ArrayList<>();
            for (Node node : piece.nodes()) {
                List<Tensor> read = node.inputs().stream().map(this::tensor).toList();
                nodes.add(new Node(operation(node.operation()), read, tensor(node.output())));
            }
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            Map<String, String> outputNames = new LinkedHashMap<>();
            piece.outputs().forEach((name, tensor) -> {
                String neutral = "out" + outputs.size();
                outputs.put(neutral, tensor(tensor));
                outputNames.put(neutral, name);
            });
            Graph graph = new Graph(piece.name(), inputs, nodes, outputs, Map.of());
            return new CanonicalGraph(graph, inputNames, outputNames, weights, caches);
        }

        private Tensor tensor(Tensor original) {
            return tensors.computeIfAbsent(
                    original,
                    key -> new Tensor(tensors.size(), "tensor" + tensors.size(), original.type(), shape(key.shape())));
        }

        /** Sizes that are known at run time only may carry the name of a place, too. */
        private Shape shape(Shape original) {
            return new Shape(original.dims().stream().map(this::dim).toList());
        }

        private Dim dim(Dim original) {
            return original.isFixed()
                    ? original
                    : dims.computeIfAbsent(original, key -> Dim.symbol("size" + dims.size()));
        }

        private Weight weight(Weight original) {
            return neutralWeights.computeIfAbsent(original, key -> {
                Weight neutral = new Weight("weight" + weights.size(), original.shape(), original.shape());
                weights.put(neutral, original);
                return neutral;
            });
        }

        /** Tables of embeddings keep their names: a session maps them itself. */
        private Operation operation(Operation original) {
            AttentionSpec spec = original.cache();
            if (spec == null) {
                return original.table() != null ? original : original.withWeights(this::weight);
            }
            AttentionSpec neutral = new AttentionSpec(
                    spec.heads(),
                    spec.kvHeads(),
                    spec.headDim(),
                    spec.scale(),
                    spec.softcap(),
                    spec.sequenceLength(),
                    "cache" + caches.size(),
                    0);
            caches.put(neutral, spec);
            return new Operation.Attention(neutral);
        }
    }

    /** The original of a neutral weight. */
    Weight original(Weight neutral) {
        return Objects.requireNonNull(weights.get(neutral), neutral::toString);
    }

    /** The original of a neutral weight; the same for one that kept its name. */
    Weight originalOrSame(Weight weight) {
        return weights.getOrDefault(weight, weight);
    }
}
