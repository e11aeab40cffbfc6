package dev.paligemma.pytorch;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Translates a recorded graph into TorchScript: one method for each kind of run. Confined to one thread; used once.
 */
final class ScriptEmitter extends OperationEmitter {
    /** The class that all scripts define, up to its first method. */
    static final String HEADER = """
            class Network(Module):
              __parameters__ = []
              __buffers__ = []
              training : bool
            """;

    private final Graph graph;
    private final Target target;
    private final Map<String, Integer> caches = new LinkedHashMap<>();
    private Run run = Run.STATELESS;

    /**
     * What depends on the engine rather than on the graph.
     *
     * @param target where and in which types the script computes
     * @param pieceBytes how large the tensor of a weight may be
     * @param scoreRows how many rows of attention scores may be held at once, over all heads, where they are soft-capped
     */
    record Settings(Target target, long pieceBytes, int scoreRows) {}

    private ScriptEmitter(Graph graph, Settings settings) {
        super(new Operands(settings.pieceBytes()), settings.scoreRows());
        this.graph = graph;
        this.target = settings.target();
        graph.caches().forEach(spec -> caches.put(spec.cache(), caches.size()));
    }

    /** The script of a graph. */
    static Script emit(Graph graph, Settings settings) {
        ScriptEmitter emitter = new ScriptEmitter(graph, settings);
        emitter.text.append(HEADER).append(Kernels.all(settings.target()));
        if (graph.caches().isEmpty()) {
            emitter.method(Run.STATELESS);
        } else {
            emitter.text.append(Kernels.cached(settings.target()));
            emitter.emptyCaches();
            emitter.method(Run.PREFIX);
            emitter.method(Run.NEXT);
            emitter.method(Run.NEXT_OF_UNEQUAL);
        }
        return new Script(emitter.text.toString(), emitter.operands.all());
    }

    /** Keys and values of the first cache, then of the second, and so on. */
    private void emptyCaches() {
        List<String> zeros = new ArrayList<>();
        for (AttentionSpec spec : graph.caches()) {
            String one = own("blank", "sequences", integer(spec.kvHeads()), "capacity", integer(spec.headDim()));
            zeros.add(one);
            zeros.add(one);
        }
        text.append("  def empty(self: __torch__.Network,\n    sequences: int,\n    capacity: int) -> List[Tensor]:\n");
        text.append("    return [").append(String.join(", ", zeros)).append("]\n");
    }

    private void method(Run next) {
        run = next;
        text.append("  def ")
                .append(run.method)
                .append("""
                (self: __torch__.Network,
                    weights: List[Tensor],
                    inputs: List[Tensor],
                    outputs: List[Tensor],
                    wanted: List[bool]""")
                .append(run.parameters)
                .append(") -> NoneType:\n");
        int input = 0;
        for (Tensor tensor : graph.inputs().values()) {
            let(tensor, own("bring", "inputs[" + input++ + "]"));
        }
        if (run == Run.NEXT_OF_UNEQUAL) {
            text.append("    places = (self).bring(lengths, )\n");
            graph.caches().stream()
                    .map(AttentionSpec::window)
                    .distinct()
                    .forEach(window ->
                            text.append("    hidden" + window + " = (self).hide(places, visible, " + window + ", )\n"));
        }
        graph.nodes().forEach(node -> node.operation().accept(this, node));
        int output = 0;
        for (Tensor tensor : graph.outputs().values()) {
            text.append("    _")
                    .append(output)
                    .append(" = (self).give(outputs, wanted, ")
                    .append(output);
            text.append(", ").append(name(tensor)).append(", )\n");
            output++;
        }
        text.append("    return None\n");
    }

    @Override
    NumberType stored(Weight matrix) {
        return target.matrices();
    }

    @Override
    @Nullable
    String given(Tensor tensor) {
        int position = List.copyOf(graph.inputs().values()).indexOf(tensor);
        return position < 0 ? null : "inputs[" + position + "]";
    }

    @Override
    void cached(AttentionSpec spec, String cache, Node node) {
        Integer index = caches.get(cache);
        if (index == null) {
            throw new EngineException("graph " + graph.name() + " has no cache '" + cache + "'");
        }
        List<String> arguments = new ArrayList<>(names(node));
        arguments.add("caches[" + 2 * index + "]");
        arguments.add("caches[" + (2 * index + 1) + "]");
        List<String> shape = shape(spec);
        switch (run) {
            case PREFIX -> {
                arguments.addAll(shape);
                let(node, own("attend_prefix", arguments));
            }
            case NEXT -> {
                arguments.addAll(List.of("length", integer(spec.window())));
                arguments.addAll(shape);
                let(node, own("attend_next", arguments));
            }
            case NEXT_OF_UNEQUAL -> {
                arguments.addAll(List.of("places", "hidden" + spec.window()));
                arguments.addAll(shape.subList(0, 3));
                let(node, own("attend_unequal", arguments));
            }
            case STATELESS -> throw new EngineException("graph " + graph.name() + " keeps a state");
        }
    }

    @Override
    String product(String x, Operand matrix, @Nullable Weight bias) {
        List<String> arguments = new ArrayList<>(List.of(x, operands.name(matrix)));
        if (bias != null) {
            arguments.add(whole(bias));
        }
        if (target.isSingle()) {
            return call("torch.linear", arguments);
        }
        return own(bias == null ? "multiply" : "multiply_add", arguments);
    }
}
