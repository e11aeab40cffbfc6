package dev.paligemma.checkpoint;

import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.engine.weights.TensorInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a converted checkpoint compared with those a configuration asks for: each one is there in float32 under
 * its own name, or in one or more formats of quantised matrices, or both.
 */
final class ConvertedTensors {
    private final Map<String, TensorInfo> remaining;
    private final Map<String, TensorInfo> used = new LinkedHashMap<>();
    private final List<String> problems = new ArrayList<>();
    private long embeddingRows = ExpectedTensors.ANY_ROWS;

    ConvertedTensors(ExpectedTensors expected, Map<String, TensorInfo> stored) {
        remaining = new LinkedHashMap<>(stored);
        remaining.keySet().removeIf(name -> name.startsWith(ConvertedManifest.PADDING));
        expected.shapes().forEach(this::take);
    }

    /** One line for each tensor that is missing or misshapen. */
    List<String> problems() {
        return problems;
    }

    /** What the model uses, in the order of evaluation. */
    Map<String, TensorInfo> used() {
        return used;
    }

    List<TensorInfo> unused() {
        return List.copyOf(remaining.values());
    }

    /** Sensible only without problems. */
    int embeddingRows() {
        return Math.toIntExact(embeddingRows);
    }

    private void take(String name, long[] expected) {
        long[] shape = expected.clone();
        if (shape[0] == ExpectedTensors.ANY_ROWS) {
            shape[0] = rows(name);
            if (name.equals(ExpectedTensors.EMBEDDING)) {
                embeddingRows = shape[0];
            } else if (embeddingRows > 0) {
                shape[0] = embeddingRows;
            }
        }
        if (shape[0] < 1 || shape[0] > Limits.MAX_VOCAB) {
            problems.add(name + ": missing, or not of 1 to " + Limits.MAX_VOCAB + " rows");
            return;
        }
        boolean found = takeOne(name, DType.F32, shape);
        if (shape.length > 1) {
            long out = shape[0];
            long in = Arrays.stream(shape).skip(1).reduce(1, Math::multiplyExact);
            for (MatrixFormat format : MatrixFormat.values()) {
                boolean codes = takeOne(format.codes(name), DType.U8, format.codesShape(out, in));
                boolean scales = takeOne(format.scales(name), DType.F32, format.scalesShape(out, in));
                if (codes != scales) {
                    problems.add((codes ? format.scales(name) : format.codes(name)) + ": missing");
                }
                found |= codes && scales;
            }
        }
        if (!found) {
            problems.add(name + ": missing in every format");
        }
    }

    /** How many rows a table has, by whatever is stored of it; -1 if nothing is. */
    private long rows(String name) {
        TensorInfo plain = remaining.get(name);
        if (plain != null && plain.shape().length == 2) {
            return plain.shape()[0];
        }
        for (MatrixFormat format : MatrixFormat.values()) {
            @Nullable TensorInfo scales = remaining.get(format.scales(name));
            if (scales != null && scales.shape().length > 0) {
                return scales.shape()[0];
            }
        }
        return ExpectedTensors.ANY_ROWS;
    }

    private boolean takeOne(String name, DType dtype, long[] shape) {
        TensorInfo tensor = remaining.remove(name);
        if (tensor == null) {
            return false;
        }
        if (tensor.dtype() != dtype || !Arrays.equals(tensor.shape(), shape)) {
            problems.add(name + ": expected " + dtype + Arrays.toString(shape) + ", got " + tensor.dtype()
                    + Arrays.toString(tensor.shape()));
        }
        used.put(name, tensor);
        return true;
    }
}
