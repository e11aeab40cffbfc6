package dev.paligemma.engine.graph;

import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of {@code y = x W^T + b}. Opaque to the definition: an engine may hold them dense or quantised.
 *
 * @param weight {@code W[out, in]}, row-major
 * @param bias {@code b[out]}, or null for none
 */
public record LinearWeights(Weight weight, @Nullable Weight bias) {
    /** Checks that the two fit. */
    public LinearWeights {
        if (weight.shape().size() != 2) {
            throw new IllegalArgumentException("a linear weight is a matrix [out, in], got " + weight);
        }
        if (bias != null && !bias.shape().equals(java.util.List.of(weight.size(0)))) {
            throw new IllegalArgumentException("bias of " + weight + " must be [" + weight.size(0) + "], got " + bias);
        }
    }

    LinearWeights withWeights(UnaryOperator<Weight> replacement) {
        return new LinearWeights(replacement.apply(weight), bias == null ? null : replacement.apply(bias));
    }

    /** The width that goes in: the number of columns. */
    public long in() {
        return weight.size(1);
    }

    /** The width that comes out: the number of rows. */
    public long out() {
        return weight.size(0);
    }
}
