package dev.paligemma.pytorch;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Translates a recorded graph into TorchScript: one method for each kind of run, in it one statement for each operation,
 * with its name beside it, so that torch's errors speak of the model. Confined to one thread; used once.
 *
 * <p>Numbers are written with all their digits; names only into comments, as a graph may use any.
 */
final class ScriptEmitter implements Operation.Visitor {
    /** The class that all scripts define, up to its first method. */
    static final String HEADER = """
            class Network(Module):
              __parameters__ = []
              __buffers__ = []
              training : bool
            """;

    private final Graph graph;
    private final Operands operands;
    private final Target target;
    private final int scoreRows;
    private final Map<String, Integer> caches = new LinkedHashMap<>();
    private final StringBuilder text = new StringBuilder();
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
        this.graph = graph;
        this.target = settings.target();
        this.operands = new Operands(target.matrices(), settings.pieceBytes());
        this.scoreRows = settings.scoreRows();
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
    public void embedding(Operation.Embedding operation, Node node) {
        List<Operand> pieces = operands.pieces(operation.table());
        String ids = name(node.input(0));
        requireRows(node.input(0), integer(operation.table().size(0)));
        if (pieces.size() == 1) {
            let(node, single(call("torch.embedding", operands.name(pieces.get(0)), ids)));
            return;
        }
        // An id below the first piece or above the last stays outside of it, where torch refuses it. One statement for
        // each piece, as torch's parser recurses into nested expressions and ends the process when they are too deep.
        Operand first = pieces.get(0);
        let(
                node,
                single(call(
                        "torch.embedding",
                        operands.name(first),
                        call("torch.clamp_max", ids, integer(first.rows() - 1)))));
        for (Operand piece : pieces.subList(1, pieces.size())) {
            String start = integer(piece.firstRow());
            String within = call("torch.clamp_min", call("torch.sub", ids, start), integer(0));
            if (piece.firstRow() + piece.rows() < operation.table().size(0)) {
                within = call("torch.clamp_max", within, integer(piece.rows() - 1));
            }
            String before = call("torch.unsqueeze", call("torch.lt", ids, start), integer(1));
            String rows = single(call("torch.embedding", operands.name(piece), within));
            let(node, call("torch.where", before, name(node.output()), rows));
        }
    }

    @Override
    public void parameter(Operation.Parameter operation, Node node) {
        let(node, operands.whole(operation.weight()));
    }

    @Override
    public void linear(Operation.Linear operation, Node node) {
        List<Operand> pieces = operands.pieces(operation.parameters().weight());
        Weight bias = operation.parameters().bias();
        String x = name(node.input(0));
        if (pieces.size() == 1) {
            let(node, product(x, pieces.get(0), bias));
            return;
        }
        String products =
                pieces.stream().map(piece -> product(x, piece, null)).collect(Collectors.joining(", ", "[", "]"));
        String joined = call("torch.cat", products, integer(1));
        let(node, bias == null ? joined : call("torch.add", joined, operands.whole(bias)));
    }

    @Override
    public void product(Operation.Product operation, Node node) {
        let(node, call("torch.linear", names(node)));
    }

    @Override
    public void layerNorm(Operation.LayerNorm operation, Node node) {
        let(
                node,
                call(
                        "torch.layer_norm",
                        name(node.input(0)),
                        "[" + operation.gamma().elementCount() + "]",
                        operands.whole(operation.gamma()),
                        operands.whole(operation.beta()),
                        number(operation.epsilon())));
    }

    @Override
    public void rmsNorm(Operation.RmsNorm operation, Node node) {
        let(
                node,
                call(
                        "torch.rms_norm",
                        name(node.input(0)),
                        "[" + operation.weight().elementCount() + "]",
                        operands.plus(operation.weight(), 1),
                        number(operation.epsilon())));
    }

    @Override
    public void gelu(Operation.Gelu operation, Node node) {
        let(node, call("torch.gelu", name(node.input(0)), "approximate=\"tanh\""));
    }

    @Override
    public void rope(Operation.Rope operation, Node node) {
        let(
                node,
                own(
                        "rotate",
                        name(node.input(0)),
                        name(node.input(1)),
                        name(node.input(2)),
                        integer(operation.heads())));
    }

    @Override
    public void attention(Operation.Attention operation, Node node) {
        AttentionSpec spec = operation.spec();
        List<String> arguments = new ArrayList<>(names(node));
        String cache = spec.cache();
        String groups = integer(spec.heads() / spec.kvHeads());
        String scale = number(spec.scale());
        String cap = number(spec.softcap());
        String block = integer(Math.max(1, scoreRows / spec.kvHeads()));
        if (cache == null) {
            String sequences = spec.sequenceLength() == 0
                    ? integer(1)
                    : call(
                            "torch.floordiv",
                            call("torch.size", arguments.get(0), integer(0)),
                            integer(spec.sequenceLength()));
            arguments.addAll(List.of(sequences, integer(spec.kvHeads()), groups, scale, cap, block));
            let(node, own("attend", arguments));
            return;
        }
        Integer index = caches.get(cache);
        if (index == null) {
            throw new EngineException("graph " + graph.name() + " has no cache '" + cache + "'");
        }
        arguments.add("caches[" + 2 * index + "]");
        arguments.add("caches[" + (2 * index + 1) + "]");
        switch (run) {
            case PREFIX -> {
                arguments.addAll(List.of(groups, scale, cap, block));
                let(node, own("attend_prefix", arguments));
            }
            case NEXT -> {
                arguments.addAll(List.of("length", integer(spec.window()), groups, scale, cap, block));
                let(node, own("attend_next", arguments));
            }
            case NEXT_OF_UNEQUAL -> {
                arguments.addAll(List.of("places", "hidden" + spec.window(), groups, scale, cap));
                let(node, own("attend_unequal", arguments));
            }
            case STATELESS -> throw new EngineException("graph " + graph.name() + " keeps a state");
        }
    }

    @Override
    public void softcap(Operation.Softcap operation, Node node) {
        String cap = number(operation.cap());
        let(node, call("torch.mul", call("torch.tanh", call("torch.div", name(node.input(0)), cap)), cap));
    }

    @Override
    public void add(Operation.Add operation, Node node) {
        let(node, call("torch.add", names(node)));
    }

    @Override
    public void multiply(Operation.Multiply operation, Node node) {
        let(node, call("torch.mul", names(node)));
    }

    @Override
    public void scale(Operation.Scale operation, Node node) {
        let(node, call("torch.mul", name(node.input(0)), number(operation.factor())));
    }

    /** The one symbolic size is computed: torch cannot tell what -1 means in a tensor without elements. */
    @Override
    public void reshape(Operation.Reshape operation, Node node) {
        List<Dim> dims = operation.shape().dims();
        long fixed = dims.stream().filter(Dim::isFixed).mapToLong(Dim::size).reduce(1, Math::multiplyExact);
        String rest = call("torch.floordiv", call("torch.numel", name(node.input(0))), integer(fixed));
        String sizes = dims.stream()
                .map(dim -> dim.isFixed() ? integer(dim.size()) : rest)
                .collect(Collectors.joining(", ", "[", "]"));
        let(node, call("torch.reshape", name(node.input(0)), sizes));
    }

    @Override
    public void transpose(Operation.Transpose operation, Node node) {
        let(node, call("torch.permute", name(node.input(0)), operation.axes().toString()));
    }

    @Override
    public void concatRows(Operation.ConcatRows operation, Node node) {
        let(node, call("torch.cat", names(node).toString(), integer(0)));
    }

    @Override
    public void gatherRows(Operation.GatherRows operation, Node node) {
        requireRows(node.input(1), call("torch.size", name(node.input(0)), integer(0)));
        let(node, call("torch.index_select", name(node.input(0)), integer(0), name(node.input(1))));
    }

    @Override
    public void argMax(Operation.ArgMax operation, Node node) {
        let(node, call("torch.argmax", name(node.input(0)), integer(1)));
    }

    @Override
    public void largestLogProbability(Operation.LargestLogProbability operation, Node node) {
        String logarithms = call("torch.log_softmax", name(node.input(0)), integer(1));
        let(node, call("torch.amax", logarithms, "[1]"));
    }

    private String product(String x, Operand matrix, @Nullable Weight bias) {
        List<String> arguments = new ArrayList<>(List.of(x, operands.name(matrix)));
        if (bias != null) {
            arguments.add(operands.whole(bias));
        }
        if (target.isSingle()) {
            return call("torch.linear", arguments);
        }
        return own(bias == null ? "multiply" : "multiply_add", arguments);
    }

    /** Numbers of a matrix as they go from one operation to the next. */
    private String single(String expression) {
        return target.isSingle() ? expression : call("torch.to", expression, integer(NumberType.FLOAT32.code));
    }

    /** A GPU does not survive an index that is out of range, so those of the caller are checked before they go there. */
    private void requireRows(Tensor index, String rows) {
        int position = List.copyOf(graph.inputs().values()).indexOf(index);
        if (position >= 0) {
            text.append("    _")
                    .append(name(index))
                    .append(" = ")
                    .append(own("require", "inputs[" + position + "]", rows))
                    .append('\n');
        }
    }

    private void let(Node node, String expression) {
        let(node.output(), expression);
    }

    private void let(Tensor tensor, String expression) {
        text.append("    ").append(name(tensor)).append(" = ").append(expression);
        // Two dashes, as torch reads a comment that begins with a type.
        text.append("  # -- ").append(comment(tensor.name())).append('\n');
    }

    private static String name(Tensor tensor) {
        return "x" + tensor.id();
    }

    private static List<String> names(Node node) {
        return node.inputs().stream().map(ScriptEmitter::name).toList();
    }

    private static String call(String function, String... arguments) {
        return call(function, List.of(arguments));
    }

    private static String call(String function, List<String> arguments) {
        return function + "(" + String.join(", ", arguments) + ")";
    }

    private static String own(String method, String... arguments) {
        return own(method, List.of(arguments));
    }

    /** Torch's own writer ends the arguments of a method with a comma. */
    private static String own(String method, List<String> arguments) {
        return "(self)." + method + "(" + String.join(", ", arguments) + ", )";
    }

    private static String integer(long value) {
        return Long.toString(value);
    }

    /** The exact value: float32 widened, in decimal digits that give it back. */
    private static String number(float value) {
        return Double.toString(value).toLowerCase(Locale.ROOT);
    }

    /** A name that cannot end the line. */
    private static String comment(String name) {
        return name.replaceAll("[^ -~]", "?");
    }
}
