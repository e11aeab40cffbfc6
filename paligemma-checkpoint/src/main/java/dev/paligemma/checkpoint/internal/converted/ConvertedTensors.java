package dev.paligemma.checkpoint.internal.converted;

import dev.paligemma.checkpoint.internal.TensorNames;
import dev.paligemma.checkpoint.internal.safetensors.WantedWeights;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.MatrixFormat;
import dev.paligemma.engine.weights.TensorInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a converted checkpoint compared with the weights that a network asks for: each one is there in float32 under
 * its own name, or in one or more formats of quantised matrices, or both.
 */
public final class ConvertedTensors {
    private final Map<String, TensorInfo> remaining;
    private final Map<String, TensorInfo> used = new LinkedHashMap<>();
    private final List<String> problems = new ArrayList<>();

    public ConvertedTensors(WantedWeights wanted, Map<String, TensorInfo> stored) {
        remaining = new LinkedHashMap<>(stored);
        remaining.keySet().removeIf(name -> name.startsWith(ConvertedManifest.PADDING));
        wanted.byName().forEach((name, weight) -> take(name, WantedWeights.storedShape(weight)));
    }

    /** One line for each tensor that is missing or misshapen. */
    public List<String> problems() {
        return problems;
    }

    /** What the model uses, in the order of evaluation. */
    public Map<String, TensorInfo> used() {
        return used;
    }

    public List<TensorInfo> unused() {
        return List.copyOf(remaining.values());
    }

    /** What is stored of the token embedding with one entry or line for each of its rows; null if nothing is. */
    public static @Nullable TensorInfo embedding(Map<String, TensorInfo> stored) {
        TensorInfo plain = stored.get(TensorNames.EMBEDDING);
        return plain != null
                ? plain
                : Arrays.stream(MatrixFormat.values())
                        .flatMap(format -> Stream.ofNullable(stored.get(format.scales(TensorNames.EMBEDDING))))
                        .findFirst()
                        .orElse(null);
    }

    private void take(String name, long[] shape) {
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
