package dev.paligemma.engine.training;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which numbers of a network are trained. Immutable.
 *
 * @param weights names of weights of the graph that are trained as a whole, in float32, whatever the rest is kept in
 * @param inputs graph inputs that are parameters of the program instead of being given with each batch, each with its
 *     sizes; float32
 * @param norms graph inputs that the program computes itself
 * @param undecayed names of trained weights and inputs to which weight decay does not apply
 */
public record TrainedParts(
        Set<String> weights, Map<String, List<Long>> inputs, Map<String, InverseNorm> norms, Set<String> undecayed) {

    /** Copies the collections; an {@link IllegalArgumentException} if nothing is trained, or one name stands twice. */
    public TrainedParts {
        weights = Collections.unmodifiableSet(new LinkedHashSet<>(weights));
        inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
        norms = Collections.unmodifiableMap(new LinkedHashMap<>(norms));
        undecayed = Set.copyOf(undecayed);
        if (weights.isEmpty() && inputs.isEmpty()) {
            throw new IllegalArgumentException("nothing is trained: neither weights nor inputs are named");
        }
        for (String name : inputs.keySet()) {
            if (weights.contains(name) || norms.containsKey(name)) {
                throw new IllegalArgumentException("'" + name + "' is named twice among the trained parts");
            }
        }
    }

    /** Some weights as a whole, and nothing else. */
    public static TrainedParts ofWeights(Set<String> weights) {
        return new TrainedParts(weights, Map.of(), Map.of(), Set.of());
    }

    /** Some inputs, and nothing else. */
    public static TrainedParts ofInputs(Map<String, List<Long>> inputs) {
        return new TrainedParts(Set.of(), inputs, Map.of(), Set.of());
    }

    /**
     * The value of a graph input {@code float32[out]}: {@code 1 / |W_i + factor (B A)_i|} of each row i, in the Euclidean
     * norm. It is computed before the first step and after each update, and no gradient flows through it, as in DoRA
     * (arXiv 2402.09353, section 4.3).
     *
     * @param weight W, the name of a frozen weight {@code [out, in]}
     * @param down A, the name of a trained input {@code [rank, in]}
     * @param up B, the name of a trained input {@code [out, rank]}
     * @param factor what multiplies the product
     */
    public record InverseNorm(String weight, String down, String up, float factor) {}
}
