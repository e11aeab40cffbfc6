package dev.paligemma.generation.internal;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.constraint.LocationDistribution;
import dev.paligemma.constraint.TokenLogProbability;
import dev.paligemma.constraint.TokenSet;
import dev.paligemma.network.internal.NextTokens;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Notes what the model thought of a token that was chosen. */
final class TokenDescriber {
    private TokenDescriber() {}

    /** Describes a token that was chosen for a request, from what the model said and the probability that a constraint left out. */
    static GeneratedToken describe(PreparedRequest request, int token, NextTokens next, double removed) {
        PaliGemmaTokenizer tokenizer = request.tokenizer();
        Optional<LocationDistribution> location =
                tokenizer.isLocation(token) ? Optional.of(locations(tokenizer, next)) : Optional.empty();
        List<TokenLogProbability> mostLikely =
                mostLikely(next, request.request().topLogProbabilities());
        return new GeneratedToken(token, next.logProbability(token), removed, location, mostLikely);
    }

    /** So many of the likeliest tokens, the best first, the lowest id first among equals. */
    private static List<TokenLogProbability> mostLikely(NextTokens next, int count) {
        FloatBuffer logits = next.logits();
        int[] best = new int[Math.min(count, logits.limit())];
        if (best.length == 0) {
            return List.of();
        }
        int kept = 0;
        for (int token = 0; token < logits.limit(); token++) {
            float logit = logits.get(token);
            if (kept == best.length && !(logit > logits.get(best[kept - 1]))) {
                continue;
            }
            // Most tokens are none of the few, so this sorted array of at most 20 is seldom touched.
            int place = kept == best.length ? kept - 1 : kept++;
            while (place > 0 && logit > logits.get(best[place - 1])) {
                best[place] = best[place - 1];
                place--;
            }
            best[place] = token;
        }
        return Arrays.stream(best)
                .mapToObj(token -> new TokenLogProbability(token, next.logProbability(token)))
                .toList();
    }

    private static LocationDistribution locations(PaliGemmaTokenizer tokenizer, NextTokens next) {
        FloatBuffer logits = next.logits();
        double highest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < PaliGemmaTokenizer.LOCATIONS; i++) {
            highest = Math.max(highest, logits.get(tokenizer.locationId(i)));
        }
        double[] weights = new double[PaliGemmaTokenizer.LOCATIONS];
        double total = 0;
        for (int i = 0; i < weights.length; i++) {
            weights[i] = Math.exp(logits.get(tokenizer.locationId(i)) - highest);
            total += weights[i];
        }
        float[] probabilities = new float[weights.length];
        for (int i = 0; i < weights.length; i++) {
            probabilities[i] = (float) (weights[i] / total);
        }
        double mass = total * Math.exp(highest - logits.get(next.best()) + next.bestLogProbability());
        return new LocationDistribution(probabilities, Math.min(1, mass));
    }

    /** The probability of all tokens that are not allowed, 0 to 1. */
    static double removedMass(NextTokens next, @Nullable TokenSet allowed) {
        if (allowed == null) {
            return 0;
        }
        double[] kept = new double[1];
        int best = next.best();
        double bestLogProbability = next.bestLogProbability();
        FloatBuffer logits = next.logits();
        double highest = logits.get(best);
        allowed.forEach(id -> kept[0] += id < logits.limit() ? Math.exp(logits.get(id) - highest) : 0);
        return Math.min(1, Math.max(0, 1 - kept[0] * Math.exp(bestLogProbability)));
    }
}
