package dev.paligemma;

import java.util.Objects;

/** What the model wrote, and the figures behind it. Immutable and thread-safe; holds no native memory. */
public final class GenerationResult {
    private final String text;
    private final int[] tokenIds;
    private final double[] logProbabilities;
    private final int[] promptTokenIds;
    private final int imageTokens;
    private final FinishReason finishReason;
    private final Timings timings;

    GenerationResult(
            String text,
            int[] tokenIds,
            double[] logProbabilities,
            int[] promptTokenIds,
            int imageTokens,
            FinishReason finishReason,
            Timings timings) {
        this.text = Objects.requireNonNull(text, "text");
        this.tokenIds = tokenIds.clone();
        this.logProbabilities = logProbabilities.clone();
        this.promptTokenIds = promptTokenIds.clone();
        this.imageTokens = imageTokens;
        this.finishReason = Objects.requireNonNull(finishReason, "finishReason");
        this.timings = Objects.requireNonNull(timings, "timings");
    }

    /**
     * The decoded tokens without special tokens; location and segmentation codes are kept.
     *
     * @return the text, not trimmed
     */
    public String text() {
        return text;
    }

    /**
     * The written tokens without the final end-of-sequence token.
     *
     * @return a new array
     */
    public int[] tokenIds() {
        return tokenIds.clone();
    }

    /**
     * The natural logarithm of the probability of each token of {@link #tokenIds()}, from a softmax over the raw
     * logits.
     *
     * @return a new array, as long as {@code tokenIds()}; every value is at most 0
     */
    public double[] logProbabilities() {
        return logProbabilities.clone();
    }

    /**
     * The prompt's tokens without the places of the images.
     *
     * @return a new array
     */
    public int[] promptTokenIds() {
        return promptTokenIds.clone();
    }

    /**
     * How many places of the sequence the images took.
     *
     * @return images times patches per image
     */
    public int imageTokens() {
        return imageTokens;
    }

    /**
     * Why the text ended.
     *
     * @return the reason
     */
    public FinishReason finishReason() {
        return finishReason;
    }

    /**
     * Where the time went.
     *
     * @return the timings of this request
     */
    public Timings timings() {
        return timings;
    }

    /** Returns the text and why it ended. */
    @Override
    public String toString() {
        return "GenerationResult[" + tokenIds.length + " tokens, " + finishReason + ": " + text + "]";
    }
}
