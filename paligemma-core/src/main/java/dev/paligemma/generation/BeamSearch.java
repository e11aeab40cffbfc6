package dev.paligemma.generation;

/**
 * How to search for likely answers with several candidates side by side. Immutable and thread-safe.
 *
 * <p>Two rules are known. That of transformers, {@link #of}, scores a finished answer by the sum of its log-probabilities
 * divided by {@code length ^ lengthPenalty}, and gives the best of them. That of big_vision, {@link #unnormalised}, with
 * which the published caption results of PaliGemma were made, compares plain sums and gives the best answer that has ended.
 */
public final class BeamSearch {
    /** The most candidates: {@value}. */
    public static final int MAX_BEAMS = 64;

    private final int beams;
    private final boolean normalised;
    private final double lengthPenalty;
    private final boolean earlyStopping;

    private BeamSearch(int beams, boolean normalised, double lengthPenalty, boolean earlyStopping) {
        this.beams = beams;
        this.normalised = normalised;
        this.lengthPenalty = lengthPenalty;
        this.earlyStopping = earlyStopping;
    }

    /**
     * The rule of transformers with its defaults: length penalty 1, no early stopping.
     *
     * @param beams candidates kept at each step, 1 to {@value #MAX_BEAMS}; also the number of answers
     * @throws IllegalArgumentException if the number is out of range
     */
    public static BeamSearch of(int beams) {
        return new BeamSearch(requireBeams(beams), true, 1, false);
    }

    /**
     * The rule of big_vision: no length normalisation, one answer, which always has ended by itself.
     *
     * @param beams candidates kept at each step, 1 to {@value #MAX_BEAMS}
     * @throws IllegalArgumentException if the number is out of range
     */
    public static BeamSearch unnormalised(int beams) {
        return new BeamSearch(requireBeams(beams), false, 0, false);
    }

    private static int requireBeams(int beams) {
        if (beams < 1 || beams > MAX_BEAMS) {
            throw new IllegalArgumentException("beams must be 1 to " + MAX_BEAMS + ", got " + beams);
        }
        return beams;
    }

    /**
     * Chooses how much longer answers are preferred: the finite exponent of the length. Above 0 prefers long answers, 0
     * compares plain sums.
     *
     * @throws IllegalArgumentException if the penalty is not finite
     * @throws IllegalStateException if the rule has no penalty
     */
    public BeamSearch lengthPenalty(double penalty) {
        if (!Double.isFinite(penalty)) {
            throw new IllegalArgumentException("lengthPenalty must be finite, got " + penalty);
        }
        requireNormalised();
        return new BeamSearch(beams, true, penalty, earlyStopping);
    }

    /**
     * Chooses whether to stop as soon as there are as many finished answers as beams; else the search goes on until no
     * candidate looks better.
     *
     * @throws IllegalStateException if the rule has no such choice
     */
    public BeamSearch earlyStopping(boolean stop) {
        requireNormalised();
        return new BeamSearch(beams, true, lengthPenalty, stop);
    }

    private void requireNormalised() {
        if (!normalised) {
            throw new IllegalStateException(
                    "the search without normalisation has neither length penalty nor early stopping");
        }
    }

    /** How many candidates are kept at each step, at least 1. */
    public int beams() {
        return beams;
    }

    /**
     * Whether scores are divided by a power of the length; true for the rule of transformers, false for that of
     * big_vision.
     */
    public boolean normalised() {
        return normalised;
    }

    /** The power of the length that scores are divided by. */
    public double lengthPenalty() {
        return lengthPenalty;
    }

    /** Whether the search ends as soon as there are enough answers; false if it goes on while a better one may come. */
    public boolean earlyStopping() {
        return earlyStopping;
    }
}
