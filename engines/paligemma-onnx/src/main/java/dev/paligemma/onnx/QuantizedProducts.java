package dev.paligemma.onnx;

import dev.paligemma.engine.graph.LinearWeights;
import dev.paligemma.engine.graph.Node;
import dev.paligemma.engine.graph.Operation;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.onnx.internal.Attribute;
import dev.paligemma.onnx.internal.OnnxGraph;
import dev.paligemma.onnx.internal.OnnxType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Products with matrices of 8 or 4 bits.
 *
 * <p>Many rows are limited by arithmetic: they use integer products, with activations in 8 bits and one scale per row.
 * One row is limited by how fast the matrix comes from memory: it uses ONNX Runtime's {@code MatMulNBits}, which scales
 * activations block by block. Neither shares a scale between rows.
 */
final class QuantizedProducts implements Products {
    private static final long BLOCK = MatrixFormat.BLOCK;
    /** The level at which {@code MatMulNBits} computes with activations in 8 bits. */
    private static final int INT8_ACTIVATIONS = 4;
    /** Keeps a row of zeros from being divided by zero. */
    private static final float SMALLEST_MAXIMUM = 1e-20f;

    private static final long FOLD = 16;

    private final OnnxGraph target;
    private final EmittedValues values;
    private final Weights weights;
    private final Phase phase;
    private final boolean exactProducts;
    private final Map<Tensor, Columns> quantized = new HashMap<>();
    private final Map<String, String> constants = new HashMap<>();

    /**
     * Products for a graph.
     *
     * @param exactProducts whether integer products of unsigned by signed bytes are exact on this processor
     */
    QuantizedProducts(OnnxGraph target, EmittedValues values, Weights weights, Phase phase, boolean exactProducts) {
        this.target = target;
        this.values = values;
        this.weights = weights;
        this.phase = phase;
        this.exactProducts = exactProducts;
    }

    /**
     * Activations in 8 bits.
     *
     * @param codes {@code [K, T]}
     * @param maxima the largest magnitude of each row, {@code float32[T]}; code 127 stands for it
     */
    private record Columns(String codes, String maxima) {}

    @Override
    public void linear(Operation.Linear operation, Node node) {
        Weight matrix = operation.parameters().weight();
        if (weights.has(matrix, MatrixFormat.INT8_BLOCKS)) {
            values.put(node.output(), blockProduct(operation.parameters(), MatrixFormat.INT8_BLOCKS, node.input(0)));
        } else if (phase != Phase.NEXT) {
            values.putColumns(node.output(), integerProduct(operation.parameters(), node.input(0)));
        } else if (weights.has(matrix, MatrixFormat.INT4_BLOCKS)) {
            values.put(node.output(), blockProduct(operation.parameters(), MatrixFormat.INT4_BLOCKS, node.input(0)));
        } else {
            values.put(node.output(), blockProduct(operation.parameters(), MatrixFormat.INT8_CHANNELS, node.input(0)));
        }
    }

    /** {@code x W^T + b} as rows, with a scale for each block of W. */
    private String blockProduct(LinearWeights linear, MatrixFormat format, Tensor x) {
        Weight matrix = linear.weight();
        int bits = format == MatrixFormat.INT4_BLOCKS ? 4 : 8;
        long blocks = MatrixFormat.blocks(matrix.size(1));
        List<String> in = new ArrayList<>(List.of(
                values.rows(x),
                weights.codes(matrix, format, matrix.size(0), blocks, BLOCK * bits / 8),
                weights.blockScales(matrix, format)));
        if (linear.bias() != null) {
            in.addAll(List.of("", "", weights.float32(linear.bias())));
        }
        return target.microsoft(
                "MatMulNBits",
                in,
                Attribute.of("K", matrix.size(1)),
                Attribute.of("N", matrix.size(0)),
                Attribute.of("bits", bits),
                Attribute.of("block_size", BLOCK),
                Attribute.of("accuracy_level", INT8_ACTIVATIONS));
    }

    /**
     * {@code W x^T + b} as columns: the codes of W, in the order of the file, are the left operand, so that nothing of
     * the size of W is transposed, packed or copied.
     */
    private String integerProduct(LinearWeights linear, Tensor x) {
        Weight matrix = linear.weight();
        long in = matrix.size(1);
        long padded = MatrixFormat.blocks(in) * BLOCK;
        Columns columns = quantized.computeIfAbsent(x, key -> quantize(key, padded - in));
        String product = target.microsoft(
                "MatMulIntegerToFloat",
                List.of(
                        weights.codes(matrix, MatrixFormat.INT8_CHANNELS, matrix.size(0), padded),
                        columns.codes(),
                        scalar(1 / 127f),
                        columns.maxima(),
                        zeroCode(OnnxType.UINT8),
                        exactProducts ? "" : zeroCode(OnnxType.UINT8)));
        String scaled = target.op("Mul", List.of(product, weights.channelScales(matrix)));
        if (linear.bias() == null) {
            return scaled;
        }
        String bias = target.op("Unsqueeze", List.of(weights.float32(linear.bias()), integers(1)));
        return target.op("Add", List.of(scaled, bias));
    }

    /** {@code round(127 x / max|x|)} row by row, as columns, followed by rows of zeros. */
    private Columns quantize(Tensor x, long padding) {
        boolean inColumns = values.onlyInColumns(x);
        String value = inColumns ? values.columns(x) : values.rows(x);
        String magnitudes = target.op("Abs", List.of(value));
        String largest = inColumns
                ? largestOfColumns(magnitudes, x.shape().dim(1).size())
                : target.op("ReduceMax", List.of(magnitudes, integers(-1)), Attribute.of("keepdims", 1));
        String maxima = target.op("Max", List.of(largest, scalar(SMALLEST_MAXIMUM)));
        String codes = target.op(
                "QuantizeLinear",
                List.of(
                        target.op("Div", List.of(value, maxima)),
                        scalar(1 / 127f),
                        exactProducts ? constant("signed zero", OnnxType.INT8, 0) : zeroCode(OnnxType.UINT8)));
        if (!inColumns) {
            codes = target.op("Transpose", List.of(codes), Attribute.of("perm", new long[] {1, 0}));
            maxima = target.op("Reshape", List.of(maxima, integers(-1)));
        }
        if (padding > 0) {
            // W is padded with zeros, so any value will do here.
            codes = target.op("Pad", List.of(codes, integers(0, 0, padding, 0)));
        }
        return new Columns(codes, maxima);
    }

    /**
     * {@code [K, T]} to {@code [T]}, in two steps where K allows it: ONNX Runtime takes the maximum of a few long vectors
     * faster than that of many short ones.
     */
    private String largestOfColumns(String columns, long depth) {
        Attribute drop = Attribute.of("keepdims", 0);
        String value = columns;
        if (depth % FOLD == 0) {
            String folded = target.op("Reshape", List.of(value, integers(FOLD, -1)));
            String partial = target.op("ReduceMax", List.of(folded, integers(0)), drop);
            value = target.op("Reshape", List.of(partial, integers(depth / FOLD, -1)));
        }
        return target.op("ReduceMax", List.of(value, integers(0)), drop);
    }

    /** Rows of the table, which is stored in blocks of 8 bits. */
    @Override
    public void embedding(Operation.Embedding operation, Node node) {
        Weight table = operation.table();
        long width = table.size(1);
        long blocks = MatrixFormat.blocks(width);
        String ids = values.rows(node.input(0));
        Attribute rows = Attribute.of("axis", 0);
        String codes = target.op(
                "Gather",
                List.of(weights.codes(table, MatrixFormat.INT8_BLOCKS, table.size(0), blocks, BLOCK), ids),
                rows);
        String scales = target.op("Gather", List.of(weights.blockScales(table, MatrixFormat.INT8_BLOCKS), ids), rows);
        String centred = target.op("Sub", List.of(target.castToFloat(codes), scalar(128)));
        String scaled = target.op("Mul", List.of(centred, target.op("Unsqueeze", List.of(scales, integers(-1)))));
        String joined = target.op("Reshape", List.of(scaled, integers(-1, blocks * BLOCK)));
        values.put(
                node.output(),
                blocks * BLOCK == width
                        ? joined
                        : target.op("Slice", List.of(joined, integers(0), integers(width), integers(1))));
    }

    private String zeroCode(OnnxType type) {
        return constant("zero code", type, 128);
    }

    private String constant(String name, OnnxType type, int value) {
        return constants.computeIfAbsent("quantized " + name, key -> target.constant(key, type, (byte) value));
    }

    private String scalar(float value) {
        return constants.computeIfAbsent("quantized " + value, key -> target.constant(key, new float[] {value}));
    }

    private String integers(long... numbers) {
        return constants.computeIfAbsent(
                "quantized " + java.util.Arrays.toString(numbers), key -> target.constant(key, numbers));
    }
}
