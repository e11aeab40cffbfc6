package dev.paligemma.checkpoint.internal.bitsandbytes;

import dev.paligemma.checkpoint.internal.safetensors.ComputedWeight;
import dev.paligemma.checkpoint.internal.safetensors.TensorFiles;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds the weights that bitsandbytes has quantised, by the tensors it puts beside them. */
public final class QuantisedWeights {
    private QuantisedWeights() {}

    /**
     * Replaces the tensors of each quantised weight among the named ones by one with the weight's own shape, and tells
     * how that is computed. Parts of these weights are taken out of the map.
     */
    public static Map<TensorInfo, ComputedWeight> replace(
            Collection<String> names, Map<String, TensorInfo> tensors, TensorFiles files) {
        Map<TensorInfo, ComputedWeight> found = new LinkedHashMap<>();
        for (String name : names) {
            ComputedWeight weight = name.endsWith(".weight") ? find(name, tensors, files) : null;
            if (weight != null) {
                tensors.put(name, weight.info());
                found.put(weight.info(), weight);
            }
        }
        return found;
    }

    private static @Nullable ComputedWeight find(String name, Map<String, TensorInfo> tensors, TensorFiles files) {
        for (DType format : List.of(DType.BNB_NF4, DType.BNB_FP4)) {
            if (tensors.containsKey(FourBitWeight.stateOf(name, format))) {
                return FourBitWeight.take(name, format, tensors, files);
            }
        }
        return tensors.containsKey(Int8Weight.rowMaximaOf(name)) ? Int8Weight.take(name, tensors, files) : null;
    }
}
