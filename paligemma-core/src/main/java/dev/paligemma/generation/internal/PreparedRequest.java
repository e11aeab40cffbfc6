package dev.paligemma.generation.internal;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Timings;
import dev.paligemma.network.internal.ActiveAdapter;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.tokenizer.Prompt;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A request as the networks take it. Confined to one thread.
 *
 * @param request with what it leaves to the checkpoint filled in
 * @param stops tokens that end an answer
 * @param forbidden tokens that the checkpoint keeps from coming
 * @param clock has run since the preprocessing began
 */
record PreparedRequest(
        GenerationRequest request,
        Cancellation cancellation,
        ActiveAdapter adapter,
        PaliGemmaTokenizer tokenizer,
        Set<Integer> stops,
        Prompt prompt,
        ForbiddenTokens forbidden,
        Clock clock) {
    /** What time is spent on. */
    enum Phase {
        PREPROCESS,
        VISION,
        PREFILL,
        DECODE
    }

    /** Measures where the time of a request goes, from now on. Confined to one thread. */
    static final class Clock {
        private final Stopwatch stopwatch = new Stopwatch();
        private final Map<Phase, Double> ms = new EnumMap<>(Phase.class);

        /** Counts the time since the last call. */
        void count(Phase phase) {
            ms.merge(phase, stopwatch.lapMs(), Double::sum);
        }

        /** Leaves out the time since the last call. */
        void skip() {
            stopwatch.lapMs();
        }

        /** Where the time went; since the last call it was decoding. */
        Timings timings() {
            count(Phase.DECODE);
            return new Timings(ms(Phase.PREPROCESS), ms(Phase.VISION), ms(Phase.PREFILL), ms(Phase.DECODE));
        }

        private double ms(Phase phase) {
            return ms.getOrDefault(phase, 0.0);
        }
    }

    /** All tokens of the prompt, the places of images included. */
    BitSet promptTokens() {
        BitSet tokens = new BitSet();
        for (int id : prompt.textTokenIds()) {
            tokens.set(id);
        }
        tokens.set(tokenizer.imageId());
        return tokens;
    }

    /** What was written, up to now; the logarithm of the probability of the end-of-sequence token is 0 without one. */
    GenerationResult result(List<GeneratedToken> tokens, double end, double keptMass, FinishReason reason) {
        return new GenerationResult(tokenizer, prompt, tokens, end, keptMass, reason, clock.timings());
    }

    /** What was written before a stop string; the tokens behind its beginning are what ended the answer. */
    GenerationResult stopped(List<GeneratedToken> tokens, WrittenText text, double keptMass) {
        List<GeneratedToken> kept = tokens.subList(0, text.tokens());
        double end = tokens.subList(kept.size(), tokens.size()).stream()
                .mapToDouble(GeneratedToken::logProbability)
                .sum();
        return new GenerationResult(
                text.toString(), prompt, kept, end, keptMass, FinishReason.STOP_STRING, clock.timings());
    }
}
