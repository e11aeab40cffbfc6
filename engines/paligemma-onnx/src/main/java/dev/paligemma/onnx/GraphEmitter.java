package dev.paligemma.onnx;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.AttentionSpec;
import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.onnx.internal.Attribute;
import dev.paligemma.onnx.internal.OnnxGraph;
import dev.paligemma.onnx.internal.OnnxType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Translates a recorded graph into ONNX, one operation after the other. Confined to one thread; used once. */
final class GraphEmitter implements Operation.Visitor {
    private static final String ROW_ZERO = "row_zero";

    private final Graph source;
    private final OnnxGraph target;
    private final EmittedValues values;
    private final Weights weights;
    private final Settings settings;
    private final Products products;
    private final Map<String, String> constants = new HashMap<>();
    private @Nullable CachedAttentionEmitter cachedAttention;

    /**
     * What depends on the engine rather than on the graph.
     *
     * @param quantized whether matrices are stored in 8 or 4 bits
     * @param phase which runs the result serves
     * @param scoreRows how many rows of attention scores may be held at once, over all heads
     * @param exactProducts whether integer products of unsigned by signed bytes are exact on this processor
     */
    record Settings(boolean quantized, Phase phase, int scoreRows, boolean exactProducts) {}

    private GraphEmitter(Graph source, OnnxGraph target, Weights weights, Settings settings) {
        this.source = source;
        this.settings = settings;
        this.target = target;
        this.weights = weights;
        this.values = new EmittedValues(target);
        this.products = settings.quantized()
                ? new QuantizedProducts(target, values, weights, settings.phase(), settings.exactProducts())
                : new FloatProducts(target, values, weights);
    }

    /** Writes all of {@code source} into {@code target}. */
    static void emit(Graph source, OnnxGraph target, Weights weights, Settings settings) {
        GraphEmitter emitter = new GraphEmitter(source, target, weights, settings);
        source.inputs()
                .forEach((name, tensor) -> emitter.values.put(
                        tensor, target.input(name, OnnxType.of(tensor.type()), dims(tensor.shape()))));
        for (Node node : source.nodes()) {
            target.scope(node.output().name());
            node.operation().accept(emitter, node);
        }
        target.scope("");
        source.outputs().forEach((name, tensor) -> {
            target.alias(emitter.value(tensor), name);
            target.output(name, OnnxType.of(tensor.type()), dims(tensor.shape()));
        });
    }

    @Override
    public void embedding(Operation.Embedding operation, Node node) {
        products.embedding(operation, node);
    }

    @Override
    public void linear(Operation.Linear operation, Node node) {
        products.linear(operation, node);
    }

    @Override
    public void product(Operation.Product operation, Node node) {
        put(node, target.op("Gemm", inputs(node), Attribute.of("transB", 1)));
    }

    @Override
    public void parameter(Operation.Parameter operation, Node node) {
        put(node, weights.float32(operation.weight()));
    }

    /**
     * LayerNormalization(x, epsilon) as SkipLayerNormalization(x, x, 4 epsilon), which normalises x + x: doubling is exact,
     * doubles mean and deviation, and so cancels. The operator for the sum is several times faster.
     */
    @Override
    public void layerNorm(Operation.LayerNorm operation, Node node) {
        String x = value(node.input(0));
        put(
                node,
                target.microsoft(
                        "SkipLayerNormalization",
                        List.of(x, x, weights.float32(operation.gamma()), weights.float32(operation.beta())),
                        Attribute.of("epsilon", 4 * operation.epsilon())));
    }

    @Override
    public void rmsNorm(Operation.RmsNorm operation, Node node) {
        put(
                node,
                target.op(
                        "SimplifiedLayerNormalization",
                        List.of(value(node.input(0)), weights.plus(operation.weight(), 1f)),
                        Attribute.of("axis", -1),
                        Attribute.of("epsilon", operation.epsilon())));
    }

    @Override
    public void gelu(Operation.Gelu operation, Node node) {
        values.elementwise(node.inputs(), node.output(), in -> target.microsoft("FastGelu", in));
    }

    @Override
    public void rope(Operation.Rope operation, Node node) {
        long width = node.output().shape().dim(1).size();
        String batched = target.op("Reshape", List.of(value(node.input(0)), shape(1, -1, width)));
        // The tables hold one row per token in order, so positions within them start at row 0.
        String rotated = target.microsoft(
                "RotaryEmbedding",
                List.of(batched, constant(ROW_ZERO, 0), value(node.input(1)), value(node.input(2))),
                Attribute.of("num_heads", operation.heads()),
                Attribute.of("rotary_embedding_dim", width / operation.heads()));
        put(node, target.op("Reshape", List.of(rotated, shape(-1, width))));
    }

    @Override
    public void attention(Operation.Attention operation, Node node) {
        AttentionSpec spec = operation.spec();
        String q = value(node.input(0));
        String k = value(node.input(1));
        String v = value(node.input(2));
        if (spec.cache() == null) {
            put(node, attentionWithinSequences(spec, q, k, v));
        } else {
            if (cachedAttention == null) {
                cachedAttention =
                        new CachedAttentionEmitter(target, source.caches(), settings.phase(), settings.scoreRows());
            }
            put(node, cachedAttention.emit(spec, q, k, v));
        }
    }

    /**
     * ONNX Runtime's fused attention, which never holds a whole matrix of scores; where it lacks a soft-cap or shared
     * key/value heads, that of the decoder.
     */
    private String attentionWithinSequences(AttentionSpec spec, String q, String k, String v) {
        if (spec.softcap() != 0 || spec.heads() != spec.kvHeads()) {
            return attentionOfOneSequence(spec, q, k, v);
        }
        long width = (long) spec.heads() * spec.headDim();
        String batched = spec.sequenceLength() == 0 ? shape(1, -1, width) : shape(-1, spec.sequenceLength(), width);
        String out = target.microsoft(
                "MultiHeadAttention",
                List.of(
                        target.op("Reshape", List.of(q, batched)),
                        target.op("Reshape", List.of(k, batched)),
                        target.op("Reshape", List.of(v, batched))),
                Attribute.of("num_heads", spec.heads()),
                Attribute.of("scale", spec.scale()));
        return target.op("Reshape", List.of(out, shape(-1, width)));
    }

    private String attentionOfOneSequence(AttentionSpec spec, String q, String k, String v) {
        if (spec.sequenceLength() != 0 || !source.caches().isEmpty()) {
            throw new EngineException(
                    "engine 'onnx' supports a soft-cap or shared key/value heads in attention without a"
                            + " cache only over one sequence, in a graph without caches, got " + spec);
        }
        if (cachedAttention == null) {
            cachedAttention = new CachedAttentionEmitter(target, List.of(), Phase.PREFIX, settings.scoreRows());
        }
        return cachedAttention.emit(spec, q, k, v);
    }

    @Override
    public void softcap(Operation.Softcap operation, Node node) {
        String inner = target.op("Mul", List.of(value(node.input(0)), scalar(1 / operation.cap())));
        put(node, target.op("Mul", List.of(target.op("Tanh", List.of(inner)), scalar(operation.cap()))));
    }

    @Override
    public void add(Operation.Add operation, Node node) {
        put(node, target.op("Add", inputs(node)));
    }

    @Override
    public void multiply(Operation.Multiply operation, Node node) {
        if (node.input(0).shape().equals(node.input(1).shape())) {
            values.elementwise(node.inputs(), node.output(), in -> target.op("Mul", in));
        } else {
            put(node, target.op("Mul", inputs(node)));
        }
    }

    @Override
    public void scale(Operation.Scale operation, Node node) {
        put(node, target.op("Mul", List.of(value(node.input(0)), scalar(operation.factor()))));
    }

    @Override
    public void reshape(Operation.Reshape operation, Node node) {
        long[] sizes = operation.shape().dims().stream()
                .mapToLong(dim -> dim.isFixed() ? dim.size() : -1)
                .toArray();
        put(node, target.op("Reshape", List.of(value(node.input(0)), shape(sizes))));
    }

    @Override
    public void transpose(Operation.Transpose operation, Node node) {
        long[] axes = operation.axes().stream().mapToLong(Integer::longValue).toArray();
        put(node, target.op("Transpose", inputs(node), Attribute.of("perm", axes)));
    }

    @Override
    public void concatRows(Operation.ConcatRows operation, Node node) {
        put(node, target.op("Concat", inputs(node), Attribute.of("axis", 0)));
    }

    @Override
    public void gatherRows(Operation.GatherRows operation, Node node) {
        put(node, target.op("Gather", inputs(node), Attribute.of("axis", 0)));
    }

    @Override
    public void argMax(Operation.ArgMax operation, Node node) {
        put(node, target.op("ArgMax", inputs(node), Attribute.of("axis", -1), Attribute.of("keepdims", 0)));
    }

    @Override
    public void largestLogProbability(Operation.LargestLogProbability operation, Node node) {
        String logarithms = target.op("LogSoftmax", inputs(node), Attribute.of("axis", -1));
        put(node, target.op("ReduceMax", List.of(logarithms, constant("last_axis", -1)), Attribute.of("keepdims", 0)));
    }

    private void put(Node node, String value) {
        values.put(node.output(), value);
    }

    private List<String> inputs(Node node) {
        return node.inputs().stream().map(this::value).toList();
    }

    private String value(Tensor tensor) {
        return values.rows(tensor);
    }

    private String shape(long... sizes) {
        return constant("shape" + java.util.Arrays.toString(sizes), sizes);
    }

    private String constant(String name, long... values) {
        return constants.computeIfAbsent(name, key -> target.constant(key, values));
    }

    private String scalar(float value) {
        return constants.computeIfAbsent("scalar " + value, key -> target.constant(key, new float[] {value}));
    }

    static Object[] dims(Shape shape) {
        return shape.dims().stream()
                .map((Dim dim) -> dim.isFixed() ? (Object) dim.size() : dim.symbol())
                .toArray();
    }
}
