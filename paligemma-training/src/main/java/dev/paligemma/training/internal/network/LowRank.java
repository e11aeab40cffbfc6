package dev.paligemma.training.internal.network;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Which modules get a product of two slim matrices, as LoRA does (arXiv 2106.09685). Immutable.
 *
 * @param modules rank and alpha of each module, by its canonical name
 * @param rankStabilised whether the product is divided by the square root of the rank instead of the rank (rsLoRA, arXiv
 *     2312.03732)
 * @param dora whether magnitude and direction of each row of weights are trained apart (DoRA, arXiv 2402.09353)
 * @param dropout with which probability a number that enters the product is dropped; 0 for none
 */
public record LowRank(Map<String, Size> modules, boolean rankStabilised, boolean dora, float dropout) {
    /** Rank and alpha of one module. */
    public record Size(int rank, double alpha) {
        /** An {@link IllegalArgumentException} if the rank is not positive or alpha no number. */
        public Size {
            if (rank < 1 || !Double.isFinite(alpha)) {
                throw new IllegalArgumentException(
                        "expected a rank of at least 1 and a finite alpha, got " + rank + " and " + alpha);
            }
        }
    }

    /** Copies the map; an {@link IllegalArgumentException} for DoRA with dropout, which PEFT computes in another way. */
    public LowRank {
        modules = Collections.unmodifiableMap(new LinkedHashMap<>(modules));
        if (dora && dropout > 0) {
            throw new IllegalArgumentException("DoRA is trained without dropout here, got dropout " + dropout);
        }
    }

    /** The same rank and alpha for all modules. */
    public static LowRank of(Set<String> modules, Size size, boolean rankStabilised, boolean dora, float dropout) {
        Map<String, Size> sizes = new LinkedHashMap<>();
        modules.forEach(module -> sizes.put(module, size));
        return new LowRank(sizes, rankStabilised, dora, dropout);
    }

    /** What multiplies the product of a module. */
    public double factor(Size size) {
        return size.alpha() / (rankStabilised ? Math.sqrt(size.rank()) : size.rank());
    }
}
