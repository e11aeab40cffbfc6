package dev.paligemma;

import dev.paligemma.token.GeneratedToken;
import dev.paligemma.token.TokenConstraint;
import dev.paligemma.token.TokenSet;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.Prompt;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Writes one answer: chooses its tokens from what the model says, until it ends. Confined to one thread. */
final class AnswerWriter {
    private final GenerationRequest request;
    private final Set<Integer> stops;
    private final PaliGemmaTokenizer tokenizer;
    private final TokenDescriber describer;
    private final Prompt prompt;
    private final SplittableRandom random;
    private final BitSet repeated = new BitSet();
    private final List<GeneratedToken> tokens = new ArrayList<>();
    private TokenConstraint.@Nullable State constraint;
    private double endLogProbability;
    private double keptMass = 1;
    private FinishReason finishReason = FinishReason.LENGTH;

    /**
     * A writer at the beginning of an answer.
     *
     * @param stops tokens that end it
     */
    AnswerWriter(GenerationRequest request, Set<Integer> stops, PaliGemmaTokenizer tokenizer, Prompt prompt) {
        this.request = request;
        this.stops = stops;
        this.tokenizer = tokenizer;
        this.describer = new TokenDescriber(tokenizer);
        this.prompt = prompt;
        this.random = new SplittableRandom(request.sampling().seed());
        this.constraint = request.constraint().map(TokenConstraint::start).orElse(null);
        if (request.repetitionPenalty() != 1) {
            repeated.or(tokensOf(prompt, tokenizer));
        }
    }

    /** All tokens of a prompt, the places of images included. */
    static BitSet tokensOf(Prompt prompt, PaliGemmaTokenizer tokenizer) {
        BitSet tokens = new BitSet();
        for (int id : prompt.textTokenIds()) {
            tokens.set(id);
        }
        tokens.set(tokenizer.imageId());
        return tokens;
    }

    /**
     * Chooses the next token.
     *
     * @return true if {@link #lastToken} is to be run and the answer goes on; false if it has ended
     */
    boolean accept(NextTokens next) {
        TokenSet allowed = constraint == null ? null : constraint.allowed();
        int token = choose(next, allowed);
        double removed = TokenDescriber.removedMass(next, allowed);
        keptMass *= 1 - removed;
        if (stops.contains(token)) {
            endLogProbability = next.logProbability(token);
            finishReason = FinishReason.EOS;
            return false;
        }
        tokens.add(describer.describe(token, next, removed));
        if (constraint != null) {
            constraint = constraint.next(token);
        }
        if (request.repetitionPenalty() != 1) {
            repeated.set(token);
        }
        return tokens.size() < request.maxNewTokens();
    }

    private int choose(NextTokens next, @Nullable TokenSet allowed) {
        double penalty = request.repetitionPenalty();
        if (!request.sampling().isGreedy()) {
            next.best(); // fails if the logits are no numbers
            return TokenDistribution.of(next.logits(), allowed, repeated, penalty, request.sampling())
                    .sample(random);
        }
        int best = next.best();
        if (penalty == 1 && (allowed == null || allowed.contains(best))) {
            return best;
        }
        return TokenDistribution.best(next.logits(), allowed, repeated, penalty);
    }

    /** The token that was chosen last. */
    int lastToken() {
        return last().id();
    }

    GeneratedToken last() {
        return tokens.get(tokens.size() - 1);
    }

    int count() {
        return tokens.size();
    }

    /** What was written so far. */
    GenerationResult result(Timings timings) {
        return GenerationResult.of(tokenizer, prompt, tokens, endLogProbability, keptMass, finishReason, timings);
    }

    /** What was given instead of written. */
    GenerationResult given(List<GeneratedToken> given, double end, Timings timings) {
        return GenerationResult.of(tokenizer, prompt, given, end, 1, FinishReason.EOS, timings);
    }
}
