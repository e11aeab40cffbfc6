package dev.paligemma.generation;

/**
 * How the next token is chosen among the likely ones. Immutable and thread-safe.
 *
 * <pre>{@code
 * Sampling.greedy();
 * Sampling.temperature(0.8).topP(0.95).seed(7);
 * }</pre>
 *
 * <p>When choosing at random, the limits apply in the order of transformers: temperature, {@link #topK}, {@link #topP},
 * {@link #minP}. A limit that is out of its range is an {@link IllegalArgumentException}; one of greedy decoding, which
 * has no random choice, an {@link IllegalStateException}. The random numbers of an answer depend on the seed alone, so
 * the same request gives the same answer whatever else is running, alone or in a batch, as long as the probabilities
 * are the same to the last bit.
 */
public final class Sampling {
    private static final Sampling GREEDY = new Sampling(0, 0, 1, 0, 0);

    private final double temperature;
    private final int topK;
    private final double topP;
    private final double minP;
    private final long seed;

    private Sampling(double temperature, int topK, double topP, double minP, long seed) {
        this.temperature = temperature;
        this.topK = topK;
        this.topP = topP;
        this.minP = minP;
        this.seed = seed;
    }

    /** Always the most likely token; the lowest id among equals. */
    public static Sampling greedy() {
        return GREEDY;
    }

    /**
     * A token at random, with the probabilities of {@code softmax(logits / temperature)}, with seed 0 and no further
     * limits.
     *
     * @param temperature above 0 and finite: below 1 prefers likely tokens, 1 takes the model as it is
     * @throws IllegalArgumentException if it is out of range
     */
    public static Sampling temperature(double temperature) {
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException("temperature must be above 0 and finite, got " + temperature
                    + "; use Sampling.greedy() for the most likely token");
        }
        return new Sampling(temperature, 0, 1, 0, 0);
    }

    /** Keeps the most likely tokens only, so many of them, at least 1, and those as likely as the last of these. */
    public Sampling topK(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("topK must be at least 1, got " + count);
        }
        requireRandom();
        return new Sampling(temperature, count, topP, minP, seed);
    }

    /**
     * Keeps the smallest number of most likely tokens whose probabilities sum up to at least this much, above 0, up to
     * 1.
     */
    public Sampling topP(double mass) {
        if (!(mass > 0 && mass <= 1)) {
            throw new IllegalArgumentException("topP must be above 0 and at most 1, got " + mass);
        }
        requireRandom();
        return new Sampling(temperature, topK, mass, minP, seed);
    }

    /** Drops tokens that are less likely than this share of the most likely one, from 0, which drops none, to 1. */
    public Sampling minP(double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("minP must be from 0 to 1, got " + share);
        }
        requireRandom();
        return new Sampling(temperature, topK, topP, share, seed);
    }

    /** Chooses other random numbers by any seed. */
    public Sampling seed(long newSeed) {
        requireRandom();
        return new Sampling(temperature, topK, topP, minP, newSeed);
    }

    private void requireRandom() {
        if (isGreedy()) {
            throw new IllegalStateException(
                    "greedy decoding has no random choice to limit; start with Sampling.temperature");
        }
    }

    /** Whether the most likely token is always taken; false if tokens are chosen at random. */
    public boolean isGreedy() {
        return temperature == 0;
    }

    /** What divides the scores; 0 if the most likely token is always taken. */
    public double temperature() {
        return temperature;
    }

    /** How many of the most likely tokens are kept; 0 for all. */
    public int topK() {
        return topK;
    }

    /** The probability that the kept tokens have together, above 0, at most 1. */
    public double topP() {
        return topP;
    }

    /** The probability that a token must have, as a share of that of the most likely one, from 0 to 1. */
    public double minP() {
        return minP;
    }

    /** Where the random numbers start. */
    public long seed() {
        return seed;
    }

    /** Returns the choice in words. */
    @Override
    public String toString() {
        return isGreedy()
                ? "greedy"
                : "temperature " + temperature + (topK > 0 ? ", topK " + topK : "") + (topP < 1 ? ", topP " + topP : "")
                        + (minP > 0 ? ", minP " + minP : "") + ", seed " + seed;
    }
}
