package dev.paligemma.generation;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.Prompt;
import java.util.List;
import java.util.Objects;

/** What the model wrote, and the figures behind it. Immutable and thread-safe; holds no native memory. */
public final class GenerationResult {
    private final String text;
    private final List<GeneratedToken> tokens;
    private final double endLogProbability;
    private final double keptMass;
    private final int[] promptTokenIds;
    private final int imageTokens;
    private final FinishReason finishReason;
    private final Timings timings;

    /**
     * What was written after a prompt.
     *
     * @param tokenizer the tokenizer of the model
     * @param prompt what was asked
     * @param tokens what was written, without the end-of-sequence token
     * @param endLogProbability the logarithm of the probability of the end-of-sequence token; 0 without one
     * @param keptMass what a constraint left over, from 0 to 1
     */
    public GenerationResult(
            PaliGemmaTokenizer tokenizer,
            Prompt prompt,
            List<GeneratedToken> tokens,
            double endLogProbability,
            double keptMass,
            FinishReason finishReason,
            Timings timings) {
        this(decode(tokenizer, tokens), prompt, tokens, endLogProbability, keptMass, finishReason, timings);
    }

    /**
     * What was written after a prompt, with a text that is cut off within a token.
     *
     * @param text the decoded tokens, without a stop string
     * @param prompt what was asked
     * @param tokens what was written, without what ended it
     * @param endLogProbability the logarithm of the probability of the tokens that ended it; 0 without any
     * @param keptMass what a constraint left over, from 0 to 1
     */
    public GenerationResult(
            String text,
            Prompt prompt,
            List<GeneratedToken> tokens,
            double endLogProbability,
            double keptMass,
            FinishReason finishReason,
            Timings timings) {
        this.tokens = List.copyOf(tokens);
        this.text = Objects.requireNonNull(text, "text");
        this.endLogProbability = endLogProbability;
        this.keptMass = keptMass;
        this.promptTokenIds = prompt.textTokenIds();
        this.imageTokens = prompt.imageTokens();
        this.finishReason = Objects.requireNonNull(finishReason, "finishReason");
        this.timings = Objects.requireNonNull(timings, "timings");
    }

    private static String decode(PaliGemmaTokenizer tokenizer, List<GeneratedToken> tokens) {
        return tokenizer.decode(tokens.stream().mapToInt(GeneratedToken::id).toArray(), true);
    }

    /**
     * The decoded tokens without special tokens; location and segmentation codes are kept: the text, not trimmed. A stop string that
     * ended it, and what the model wrote behind that in the same token, are not part of it.
     */
    public String text() {
        return text;
    }

    /** The written tokens without the final end-of-sequence token, or those of a stop string; see {@link #tokens()}. */
    public int[] tokenIds() {
        return tokens.stream().mapToInt(GeneratedToken::id).toArray();
    }

    /**
     * The natural logarithm of the probability of each token of {@link #tokenIds()}, from a softmax over the raw
     * logits: a new array, as long as {@code tokenIds()}; every value is at most 0.
     */
    public double[] logProbabilities() {
        return tokens.stream().mapToDouble(GeneratedToken::logProbability).toArray();
    }

    /**
     * The written tokens without the final end-of-sequence token, each with what the model thought of it; immutable.
     *
     * <p>The tokens of a stop string are not counted, as that token is not: those that have no part in {@link #text()}. A token in which
     * both text and stop string are is counted, so the text may be shorter than what the tokens decode to.
     */
    public List<GeneratedToken> tokens() {
        return tokens;
    }

    /**
     * The natural logarithm of the probability of the whole answer, with its end-of-sequence token if it has one: the
     * sum of {@link #logProbabilities()} and that of the end, at most 0. The end is also what belongs to a stop string.
     */
    public double totalLogProbability() {
        return tokens.stream().mapToDouble(GeneratedToken::logProbability).sum() + endLogProbability;
    }

    /**
     * How much of the model's probability a constraint left over, from 0 to 1: the product over all steps, the end
     * included, of the probability of the tokens that were allowed; 1 without a constraint. Near 0 the model would have
     * written something else.
     */
    public double keptMass() {
        return keptMass;
    }

    /** The prompt's tokens without the places of the images. */
    public int[] promptTokenIds() {
        return promptTokenIds.clone();
    }

    /** How many places of the sequence the images took: images times patches per image. */
    public int imageTokens() {
        return imageTokens;
    }

    /** Why the text ended. */
    public FinishReason finishReason() {
        return finishReason;
    }

    /** Where the time went. */
    public Timings timings() {
        return timings;
    }

    /** Returns the text and why it ended. */
    @Override
    public String toString() {
        return "GenerationResult[" + tokens.size() + " tokens, " + finishReason + ": " + text + "]";
    }
}
