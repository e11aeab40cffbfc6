package dev.paligemma.pytorch;

import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Translates operations into statements of TorchScript: one for each, with its name beside it, so that torch's errors speak of
 * the model. Confined to one thread; used once.
 *
 * <p>Numbers are written with all their digits; names only into comments, as a graph may use any.
 */
abstract class OperationEmitter implements Operation.Visitor {
    /** The script so far. */
    final StringBuilder text = new StringBuilder();

    /** The weights that it takes. */
    final Operands operands;

    private final int scoreRows;

    /**
     * An emitter.
     *
     * @param scoreRows how many rows of attention scores may be held at once, over all heads, where they are soft-capped
     */
    OperationEmitter(Operands operands, int scoreRows) {
        this.operands = operands;
        this.scoreRows = scoreRows;
    }

    /** How a matrix or table is held that is not trained. */
    abstract NumberType stored(Weight matrix);

    /** The expression for a product with a matrix or some of its rows. */
    abstract String product(String x, Operand matrix, @Nullable Weight bias);

    /** An attention that has a cache. */
    abstract void cached(AttentionSpec spec, String cache, Node node);

    /** The expression for a weight that is trained; null for others. */
    @Nullable
    String trained(Weight weight) {
        return null;
    }

    /** The expression for a product with a matrix that is trained. */
    String trainedProduct(String x, String matrix, @Nullable Weight bias) {
        throw new IllegalStateException("nothing is trained, got " + matrix);
    }

    /** The expression for what the caller gives under an input; null for other tensors. */
    abstract @Nullable String given(Tensor tensor);

    @Override
    public void embedding(Operation.Embedding operation, Node node) {
        String ids = name(node.input(0));
        requireRows(node.input(0), integer(operation.table().size(0)));
        String trained = trained(operation.table());
        if (trained != null) {
            let(node, call("torch.embedding", trained, ids));
            return;
        }
        List<Operand> pieces = operands.pieces(operation.table(), stored(operation.table()));
        if (pieces.size() == 1) {
            let(node, rows(pieces.get(0), ids));
            return;
        }
        // An id below the first piece or above the last stays outside of it, where torch refuses it. One statement for
        // each piece, as torch's parser recurses into nested expressions and ends the process when they are too deep.
        Operand first = pieces.get(0);
        let(node, rows(first, call("torch.clamp_max", ids, integer(first.rows() - 1))));
        for (Operand piece : pieces.subList(1, pieces.size())) {
            String start = integer(piece.firstRow());
            String within = call("torch.clamp_min", call("torch.sub", ids, start), integer(0));
            if (piece.firstRow() + piece.rows() < operation.table().size(0)) {
                within = call("torch.clamp_max", within, integer(piece.rows() - 1));
            }
            String before = call("torch.unsqueeze", call("torch.lt", ids, start), integer(1));
            let(node, call("torch.where", before, name(node.output()), rows(piece, within)));
        }
    }

    @Override
    public void parameter(Operation.Parameter operation, Node node) {
        let(node, whole(operation.weight()));
    }

    @Override
    public void linear(Operation.Linear operation, Node node) {
        Weight matrix = operation.parameters().weight();
        Weight bias = operation.parameters().bias();
        String x = name(node.input(0));
        String trained = trained(matrix);
        if (trained != null) {
            let(node, trainedProduct(x, trained, bias));
            return;
        }
        List<Operand> pieces = operands.pieces(matrix, stored(matrix));
        if (pieces.size() == 1) {
            let(node, product(x, pieces.get(0), bias));
            return;
        }
        String products =
                pieces.stream().map(piece -> product(x, piece, null)).collect(Collectors.joining(", ", "[", "]"));
        String joined = call("torch.cat", products, integer(1));
        let(node, bias == null ? joined : call("torch.add", joined, whole(bias)));
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
                        whole(operation.gamma()),
                        whole(operation.beta()),
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
                        plus(operation.weight(), 1),
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
    public final void attention(Operation.Attention operation, Node node) {
        AttentionSpec spec = operation.spec();
        String cache = spec.cache();
        if (cache != null) {
            cached(spec, cache, node);
            return;
        }
        List<String> arguments = new ArrayList<>(names(node));
        arguments.add(
                spec.sequenceLength() == 0
                        ? integer(1)
                        : call(
                                "torch.floordiv",
                                call("torch.size", arguments.get(0), integer(0)),
                                integer(spec.sequenceLength())));
        arguments.add(integer(spec.kvHeads()));
        arguments.addAll(shape(spec));
        let(node, own("attend", arguments));
    }

    /** Query heads of each key/value head, scale, soft-cap, and rows of scores held at once. */
    final List<String> shape(AttentionSpec spec) {
        return List.of(
                integer(spec.heads() / spec.kvHeads()),
                number(spec.scale()),
                number(spec.softcap()),
                integer(Math.max(1, scoreRows / spec.kvHeads())));
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

    /** Rows of a table as they go from one operation to the next. */
    private String rows(Operand table, String ids) {
        String rows = call("torch.embedding", operands.name(table), ids);
        return table.type() == NumberType.FLOAT32 ? rows : call("torch.to", rows, integer(NumberType.FLOAT32.code));
    }

    /** A whole weight in single precision. */
    final String whole(Weight weight) {
        String trained = trained(weight);
        return trained == null ? operands.whole(weight) : trained;
    }

    private String plus(Weight weight, float addend) {
        String trained = trained(weight);
        return trained == null ? operands.plus(weight, addend) : call("torch.add", trained, number(addend));
    }

    /** A GPU does not survive an index that is out of range, so those of the caller are checked before they go there. */
    private void requireRows(Tensor index, String rows) {
        String given = given(index);
        if (given != null) {
            text.append("    _")
                    .append(name(index))
                    .append(" = ")
                    .append(own("require", given, rows))
                    .append('\n');
        }
    }

    final void let(Node node, String expression) {
        let(node.output(), expression);
    }

    final void let(Tensor tensor, String expression) {
        text.append("    ").append(name(tensor)).append(" = ").append(expression);
        // Two dashes, as torch reads a comment that begins with a type.
        text.append("  # -- ").append(comment(tensor.name())).append('\n');
    }

    static String name(Tensor tensor) {
        return "x" + tensor.id();
    }

    static List<String> names(Node node) {
        return node.inputs().stream().map(OperationEmitter::name).toList();
    }

    static String call(String function, String... arguments) {
        return call(function, List.of(arguments));
    }

    static String call(String function, List<String> arguments) {
        return function + "(" + String.join(", ", arguments) + ")";
    }

    static String own(String method, String... arguments) {
        return own(method, List.of(arguments));
    }

    /** Torch's own writer ends the arguments of a method with a comma. */
    static String own(String method, List<String> arguments) {
        return "(self)." + method + "(" + String.join(", ", arguments) + ", )";
    }

    static String integer(long value) {
        return Long.toString(value);
    }

    /** The exact value: float32 widened, in decimal digits that give it back. */
    static String number(float value) {
        return Double.toString(value).toLowerCase(Locale.ROOT);
    }

    /** A name that cannot end the line. */
    static String comment(String name) {
        return name.replaceAll("[^ -~]", "?");
    }
}
