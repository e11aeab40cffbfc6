package dev.paligemma;

import dev.paligemma.token.GeneratedToken;
import dev.paligemma.token.TokenConstraint;
import dev.paligemma.token.TokenSet;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Searches for likely answers with several live beams, by one of the two rules of {@link BeamSearch}. Confined to one
 * thread; used once.
 *
 * <p>Sources: {@code _beam_search} in {@code generation/utils.py} of transformers 5.18; {@code _beam_sample_output} and
 * {@code _beam_early_stop} in {@code predict_fns.py} of big_vision. What a constraint forbids has probability 0; the
 * probabilities of what it allows are not scaled up.
 */
final class BeamSearcher {
    private final BeamSearch search;
    private final GenerationRequest request;
    private final Set<Integer> stops;
    private final BitSet promptTokens;
    private final TokenDescriber describer;
    private final Cancellation cancellation;

    /**
     * A search.
     *
     * @param stops tokens that end an answer
     * @param promptTokens what the prompt holds, for the repetition penalty
     */
    BeamSearcher(
            BeamSearch search,
            GenerationRequest request,
            Set<Integer> stops,
            BitSet promptTokens,
            TokenDescriber describer,
            Cancellation cancellation) {
        this.search = search;
        this.request = request;
        this.stops = stops;
        this.promptTokens = promptTokens;
        this.describer = describer;
        this.cancellation = cancellation;
    }

    /** An answer that is being written. */
    private record Beam(
            List<GeneratedToken> tokens, double sum, double keptMass, TokenConstraint.@Nullable State constraint) {
        @Nullable
        TokenSet allowed() {
            return constraint == null ? null : constraint.allowed();
        }
    }

    /** The scores of the tokens that may follow a beam: logarithms of their probabilities, the penalty applied. */
    private final class Scores {
        private final FloatBuffer logits;
        private final double offset;
        private final @Nullable TokenSet allowed;
        private final BitSet repeated;

        Scores(NextTokens next, Beam beam) {
            this.logits = next.logits();
            this.offset = next.bestLogProbability() - logits.get(next.best());
            this.allowed = beam.allowed();
            this.repeated = new BitSet();
            if (request.repetitionPenalty() != 1) {
                repeated.or(promptTokens);
                beam.tokens.forEach(token -> repeated.set(token.id()));
            }
        }

        /** The score of one token; minus infinity if it is not allowed. */
        double of(int token) {
            boolean possible = token < logits.limit() && (allowed == null || allowed.contains(token));
            return possible ? ofAllowed(token) : Double.NEGATIVE_INFINITY;
        }

        // Logarithms are at most 0, so multiplying makes them smaller.
        private double ofAllowed(int token) {
            double score = offset + logits.get(token);
            return repeated.get(token) ? score * request.repetitionPenalty() : score;
        }

        void forEach(ScoreConsumer consumer) {
            if (allowed != null) {
                allowed.forEach(token -> {
                    if (token < logits.limit()) {
                        consumer.accept(token, ofAllowed(token));
                    }
                });
            } else {
                for (int token = 0; token < logits.limit(); token++) {
                    consumer.accept(token, ofAllowed(token));
                }
            }
        }
    }

    @FunctionalInterface
    private interface ScoreConsumer {
        void accept(int token, double score);
    }

    /** A beam and a token that may follow it. */
    private record Continuation(int beam, int token, double sum) {
        static final Comparator<Continuation> BEST_FIRST = Comparator.comparingDouble((Continuation c) -> -c.sum)
                .thenComparingInt(Continuation::beam)
                .thenComparingInt(Continuation::token);
    }

    /**
     * An answer of the search.
     *
     * @param end the logarithm of the probability of its end-of-sequence token; 0 without one
     * @param ended whether it has one
     */
    record Found(List<GeneratedToken> tokens, double end, boolean ended, double keptMass, double score) {
        private static final Comparator<Found> BEST_FIRST = Comparator.comparingDouble(found -> -found.score);
    }

    /** Searches on from a prompt that was run; the best answer comes first. */
    List<Found> search(VisionLanguageModel.Sequences sequences) {
        TokenConstraint.State start =
                request.constraint().map(TokenConstraint::start).orElse(null);
        List<Beam> live = List.of(new Beam(List.of(), 0, 1, start));
        List<Found> finished = new ArrayList<>();
        for (int length = 1; ; length++) {
            cancellation.check("after " + (length - 1) + " tokens of every beam");
            boolean last = length == request.maxNewTokens();
            List<Continuation> best = search.normalised()
                    ? normalisedStep(sequences, live, finished, length, last)
                    : unnormalisedStep(sequences, live, finished);
            if (last || best.isEmpty() || isDone(best.get(0).sum, finished, length)) {
                return finished;
            }
            live = advance(sequences, live, best);
        }
    }

    /** Steps 3 to 7 of the rule of transformers: what has ended is kept if good enough, the rest goes on. */
    private List<Continuation> normalisedStep(
            VisionLanguageModel.Sequences sequences, List<Beam> live, List<Found> finished, int length, boolean last) {
        int kept = Math.max(2, 1 + stops.size()) * search.beams();
        List<Continuation> best = best(sequences, live, kept, true);
        List<Continuation> next = new ArrayList<>();
        for (int rank = 0; rank < best.size(); rank++) {
            Continuation continuation = best.get(rank);
            boolean stop = stops.contains(continuation.token);
            if (!stop && !last) {
                if (next.size() < search.beams()) {
                    next.add(continuation);
                }
            } else if (rank < search.beams()) {
                double score = continuation.sum / Math.pow(length, search.lengthPenalty());
                finished.add(finish(sequences, live.get(continuation.beam), continuation, stop, score));
            }
        }
        finished.sort(Found.BEST_FIRST);
        if (finished.size() > search.beams()) {
            finished.subList(search.beams(), finished.size()).clear();
        }
        return next;
    }

    /** One step of the rule of big_vision: every beam may end here, and only the best end is kept. */
    private List<Continuation> unnormalisedStep(
            VisionLanguageModel.Sequences sequences, List<Beam> live, List<Found> finished) {
        for (int beam = 0; beam < live.size(); beam++) {
            Scores scores = new Scores(sequences.next(beam), live.get(beam));
            for (int stop : stops) {
                double sum = live.get(beam).sum + scores.of(stop);
                if (finished.isEmpty() ? sum > Double.NEGATIVE_INFINITY : sum > finished.get(0).score) {
                    Continuation end = new Continuation(beam, stop, sum);
                    finished.clear();
                    finished.add(finish(sequences, live.get(beam), end, true, sum));
                }
            }
        }
        return best(sequences, live, search.beams(), false);
    }

    private boolean isDone(double bestSum, List<Found> finished, int length) {
        if (!search.normalised()) {
            return !finished.isEmpty() && bestSum < finished.get(0).score;
        }
        if (finished.size() < search.beams()) {
            return false;
        }
        double worst = finished.get(finished.size() - 1).score;
        return search.earlyStopping() || bestSum / Math.pow(length, search.lengthPenalty()) <= worst;
    }

    /** The most likely continuations of all live beams, in descending order. */
    private List<Continuation> best(
            VisionLanguageModel.Sequences sequences, List<Beam> live, int count, boolean withStops) {
        PriorityQueue<Continuation> worstFirst = new PriorityQueue<>(Continuation.BEST_FIRST.reversed());
        for (int i = 0; i < live.size(); i++) {
            int beam = i;
            Beam from = live.get(beam);
            new Scores(sequences.next(beam), from).forEach((token, score) -> {
                double sum = from.sum + score;
                Continuation worst = worstFirst.peek();
                boolean full = worstFirst.size() == count;
                if (sum == Double.NEGATIVE_INFINITY
                        || (full && worst != null && sum < worst.sum)
                        || (!withStops && stops.contains(token))) {
                    return;
                }
                worstFirst.add(new Continuation(beam, token, sum));
                if (full) {
                    worstFirst.remove();
                }
            });
        }
        List<Continuation> best = new ArrayList<>(worstFirst);
        best.sort(Continuation.BEST_FIRST);
        return best;
    }

    private Found finish(
            VisionLanguageModel.Sequences sequences, Beam beam, Continuation end, boolean ended, double score) {
        NextTokens next = sequences.next(end.beam);
        double removed = TokenDescriber.removedMass(next, beam.allowed());
        double kept = beam.keptMass * (1 - removed);
        return ended
                ? new Found(beam.tokens, next.logProbability(end.token), true, kept, score)
                : new Found(extended(beam, next, end.token, removed), 0, false, kept, score);
    }

    private List<GeneratedToken> extended(Beam beam, NextTokens next, int token, double removed) {
        List<GeneratedToken> tokens = new ArrayList<>(beam.tokens);
        tokens.add(describer.describe(token, next, removed));
        return tokens;
    }

    /** Goes on with the chosen continuations. */
    private List<Beam> advance(VisionLanguageModel.Sequences sequences, List<Beam> live, List<Continuation> chosen) {
        List<Beam> next = new ArrayList<>();
        for (Continuation continuation : chosen) {
            Beam from = live.get(continuation.beam);
            NextTokens said = sequences.next(continuation.beam);
            double removed = TokenDescriber.removedMass(said, from.allowed());
            next.add(new Beam(
                    extended(from, said, continuation.token, removed),
                    continuation.sum,
                    from.keptMass * (1 - removed),
                    from.constraint == null ? null : from.constraint.next(continuation.token)));
        }
        sequences.select(chosen.stream().mapToInt(Continuation::beam).toArray());
        sequences.write(chosen.stream().mapToInt(Continuation::token).toArray());
        return next;
    }
}
