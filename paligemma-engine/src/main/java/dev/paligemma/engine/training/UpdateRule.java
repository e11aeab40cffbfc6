package dev.paligemma.engine.training;

/** How an update changes parameters p by their gradients g. Immutable. */
public sealed interface UpdateRule {

    /** The learning rate, at least 0. */
    double rate();

    /**
     * The largest norm of all gradients together; if theirs is larger, all are multiplied by {@code clip / (norm +
     * 1e-6)}, as torch's {@code clip_grad_norm_} does. Infinite for no limit.
     */
    double clip();

    /** What a parameter loses before each update: {@code p -= rate * weightDecay * p}; at least 0. */
    double weightDecay();

    /**
     * AdamW (arXiv 1711.05101) in the form of torch: {@code m += (1 - beta1) (g - m); v = beta2 v + (1 - beta2) g^2; p -= rate
     * / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + epsilon)}.
     *
     * @param rate the learning rate
     * @param beta1 how slowly the mean of gradients moves, from 0 on and below 1
     * @param beta2 how slowly the mean of squares moves, from 0 on and below 1
     * @param epsilon a small positive number
     * @param weightDecay decoupled weight decay
     * @param clip the limit of the norm
     * @param number t, the number of this update, from 1
     */
    record AdamW(double rate, double beta1, double beta2, double epsilon, double weightDecay, double clip, long number)
            implements UpdateRule {
        /** Checks the numbers; an {@link IllegalArgumentException} if one is out of range. */
        public AdamW {
            requireCommon(rate, weightDecay, clip);
            require(beta1 >= 0 && beta1 < 1, "beta1 must be from 0 on and below 1", beta1);
            require(beta2 >= 0 && beta2 < 1, "beta2 must be from 0 on and below 1", beta2);
            require(epsilon > 0 && epsilon < 1, "epsilon must be above 0 and below 1", epsilon);
            require(number >= 1, "the number of an update must be at least 1", (double) number);
        }
    }

    /**
     * Plain gradient descent: {@code p -= rate * g}.
     *
     * @param rate the learning rate
     * @param weightDecay decoupled weight decay
     * @param clip the limit of the norm
     */
    record Sgd(double rate, double weightDecay, double clip) implements UpdateRule {
        /** Checks the numbers; an {@link IllegalArgumentException} if one is out of range. */
        public Sgd {
            requireCommon(rate, weightDecay, clip);
        }
    }

    private static void requireCommon(double rate, double weightDecay, double clip) {
        require(rate >= 0 && rate < Double.POSITIVE_INFINITY, "the learning rate must be at least 0", rate);
        require(
                weightDecay >= 0 && weightDecay < Double.POSITIVE_INFINITY,
                "the weight decay must be at least 0",
                weightDecay);
        require(clip > 0, "the limit of the gradients' norm must be above 0", clip);
    }

    private static void require(boolean condition, String rule, double got) {
        if (!condition) {
            throw new IllegalArgumentException(rule + ", got " + got);
        }
    }
}
