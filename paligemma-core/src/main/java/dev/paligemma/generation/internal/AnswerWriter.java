package dev.paligemma.generation.internal;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.constraint.TokenSet;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Sampling;
import dev.paligemma.network.internal.NextTokens;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Writes one answer: chooses its tokens from what the model says, until it ends. Confined to one thread. */
final class AnswerWriter implements Decoding.Answer {
    private final PreparedRequest prepared;
    private final Sampling sampling;
    private final double penalty;
    private final SplittableRandom random;
    private final BitSet repeated;
    private final List<GeneratedToken> tokens = new ArrayList<>();
    private TokenConstraint.@Nullable State constraint;
    /** Looks for stop strings; null if there are none. */
    private final @Nullable WrittenText text;

    private double keptMass = 1;
    private @Nullable GenerationResult result;

    /** A writer at the beginning of an answer, which chooses in its own way. */
    AnswerWriter(PreparedRequest prepared, Sampling sampling) {
        GenerationRequest request = prepared.request();
        this.prepared = prepared;
        this.sampling = sampling;
        this.penalty = request.repetitionPenalty();
        this.random = new SplittableRandom(sampling.seed());
        this.repeated = penalty == 1 ? new BitSet() : prepared.promptTokens();
        this.text = request.stop().isEmpty()
                ? null
                : new WrittenText(prepared.tokenizer().newStreamingDecoder(true), request.stop());
        this.constraint = request.constraint().map(TokenConstraint::start).orElse(null);
    }

    @Override
    public boolean accept(NextTokens next) {
        TokenSet allowed = constraint == null ? null : constraint.allowed();
        int token = choose(next, allowed);
        double removed = TokenDescriber.removedMass(next, allowed);
        keptMass *= 1 - removed;
        if (prepared.stops().contains(token)) {
            result = prepared.result(tokens, next.logProbability(token), keptMass, FinishReason.EOS);
            return false;
        }
        tokens.add(TokenDescriber.describe(prepared, token, next, removed));
        if (constraint != null) {
            constraint = constraint.next(token);
        }
        if (penalty != 1) {
            repeated.set(token);
        }
        if (text != null && text.push(token)) {
            result = prepared.stopped(tokens, text, keptMass);
        } else if (tokens.size() == prepared.request().maxNewTokens()) {
            result = prepared.result(tokens, 0, keptMass, FinishReason.LENGTH);
        }
        return result == null;
    }

    private int choose(NextTokens next, @Nullable TokenSet allowed) {
        BitSet forbidden = prepared.forbidden().after(tokens);
        TokenDistribution.Limits limits = new TokenDistribution.Limits(allowed, forbidden, repeated, penalty);
        int best = next.best(); // fails if the logits are no numbers
        if (!sampling.isGreedy()) {
            return TokenDistribution.of(next.logits(), limits, sampling).sample(random);
        }
        if (penalty == 1 && !forbidden.get(best) && (allowed == null || allowed.contains(best))) {
            return best;
        }
        return TokenDistribution.best(next.logits(), limits);
    }

    @Override
    public int lastToken() {
        return last().id();
    }

    /** The token that was written last, also if it belongs to a stop string. */
    GeneratedToken last() {
        return tokens.get(tokens.size() - 1);
    }

    /** How many tokens were written, those of a stop string included. */
    int count() {
        return tokens.size();
    }

    /** Measures the time of the answer. */
    PreparedRequest.Clock clock() {
        return prepared.clock();
    }

    boolean hasEnded() {
        return result != null;
    }

    /** Whether it has ended, and listeners know. */
    boolean toldEnd() {
        if (result != null) {
            prepared.cancellation().trace().finished(List.of(result));
        }
        return result != null;
    }

    /** What was written, once it has ended. */
    GenerationResult result() {
        return Objects.requireNonNull(result, "result");
    }
}
