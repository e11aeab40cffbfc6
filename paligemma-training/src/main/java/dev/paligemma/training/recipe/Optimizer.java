package dev.paligemma.training.recipe;

/** By which rule gradients change parameters. */
public sealed interface Optimizer {

    /**
     * AdamW (arXiv 1711.05101) as torch has it: two moments for each parameter. Immutable.
     *
     * @param beta1 how slowly the mean of gradients moves, from 0 on and below 1
     * @param beta2 how slowly the mean of squares moves, from 0 on and below 1
     * @param epsilon a small number that keeps the division in bounds, above 0 and below 1
     */
    record AdamW(double beta1, double beta2, double epsilon) implements Optimizer {
        /** The usual numbers: 0.9, 0.999 and 1e-8. */
        public static final AdamW DEFAULT = new AdamW(0.9, 0.999, 1e-8);

        /** Checks the numbers; an {@link IllegalArgumentException} if one is out of range. */
        public AdamW {
            if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) {
                throw new IllegalArgumentException(
                        "beta1 and beta2 must be from 0 on and below 1, got " + beta1 + " and " + beta2);
            }
            if (!(epsilon > 0 && epsilon < 1)) {
                throw new IllegalArgumentException("epsilon must be above 0 and below 1, got " + epsilon);
            }
        }
    }

    /** Plain gradient descent, without momentum: needs no memory besides gradients. */
    record Sgd() implements Optimizer {}
}
