package dev.paligemma.generation.internal;

import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.constraint.TokenConstraint;
import dev.paligemma.constraint.TokenSet;
import dev.paligemma.generation.BeamAnswer;
import dev.paligemma.generation.BeamSearch;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.network.internal.NextTokens;
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
 * <p>Sources: {@code _beam_search} in {@code generation/utils.py} of transformers 5.24; {@code _beam_sample_output} and
 * {@code _beam_early_stop} in {@code predict_fns.py} of big_vision. What a constraint forbids has probability 0; the
 * probabilities of what it allows are not scaled up.
 */
final class BeamSearcher implements Decoding.Strategy {
    private final BeamSearch search;
    private final PreparedRequest prepared;
    private final GenerationRequest request;
    private final Set<Integer> stops;
    private final List<Found> finished = new ArrayList<>();
    private List<Beam> live;
    private int length;

    /** A search that goes on from the prompt of a request. */
    BeamSearcher(BeamSearch search, PreparedRequest prepared) {
        this.search = search;
        this.prepared = prepared;
        this.request = prepared.request();
        this.stops = prepared.stops();
        TokenConstraint.State start =
                request.constraint().map(TokenConstraint::start).orElse(null);
        this.live = List.of(new Beam(List.of(), 0, 1, start));
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
        private final BitSet forbidden;

        Scores(NextTokens next, Beam beam) {
            this.logits = next.logits();
            this.offset = next.bestLogProbability() - logits.get(next.best());
            this.allowed = beam.allowed();
            this.repeated = new BitSet();
            this.forbidden = forbidden(beam);
            if (request.repetitionPenalty() != 1) {
                repeated.or(prepared.promptTokens());
                beam.tokens.forEach(token -> repeated.set(token.id()));
            }
        }

        /** None if a constraint allows nothing else. */
        private BitSet forbidden(Beam beam) {
            BitSet tokens = prepared.forbidden().after(beam.tokens);
            if (allowed == null || tokens.isEmpty()) {
                return tokens;
            }
            boolean[] left = new boolean[1];
            allowed.forEach(token -> left[0] |= token < logits.limit() && !tokens.get(token));
            return left[0] ? tokens : new BitSet();
        }

        /** The score of one token; minus infinity if it is not allowed. */
        double of(int token) {
            boolean possible =
                    token < logits.limit() && !forbidden.get(token) && (allowed == null || allowed.contains(token));
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
                    if (token < logits.limit() && !forbidden.get(token)) {
                        consumer.accept(token, ofAllowed(token));
                    }
                });
            } else {
                for (int token = 0; token < logits.limit(); token++) {
                    if (!forbidden.get(token)) {
                        consumer.accept(token, ofAllowed(token));
                    }
                }
            }
        }
    }

    @FunctionalInterface
    private interface ScoreConsumer {
        void accept(int token, double score);
    }

    /** A beam and a token that may follow it. */
    private record Candidate(int beam, int token, double sum) {
        static final Comparator<Candidate> BEST_FIRST = Comparator.comparingDouble((Candidate c) -> -c.sum)
                .thenComparingInt(Candidate::beam)
                .thenComparingInt(Candidate::token);
    }

    /** An answer of the search; the logarithm of the probability of its end-of-sequence token is 0 without one. */
    private record Found(List<GeneratedToken> tokens, double end, double keptMass, FinishReason reason, double score) {
        static final Comparator<Found> BEST_FIRST = Comparator.comparingDouble(found -> -found.score);
    }

    @Override
    public List<Decoding.Continuation> choose(List<NextTokens> said) {
        length++;
        boolean last = length == request.maxNewTokens();
        List<Candidate> best = search.normalised() ? normalisedStep(said, last) : unnormalisedStep(said);
        if (last || best.isEmpty() || isDone(best.get(0).sum)) {
            return List.of();
        }
        live = best.stream()
                .map(candidate -> extended(live.get(candidate.beam), said.get(candidate.beam), candidate))
                .toList();
        return best.stream()
                .map(candidate -> new Decoding.Continuation(candidate.beam, candidate.token))
                .toList();
    }

    @Override
    public String unit() {
        return "tokens of every beam";
    }

    /** What was found; the best answer comes first. */
    List<BeamAnswer> answers() {
        return finished.stream()
                .map(found -> new BeamAnswer(
                        prepared.result(found.tokens, found.end, found.keptMass, found.reason), found.score))
                .toList();
    }

    /** Steps 3 to 7 of the rule of transformers: what has ended is kept if good enough, the rest goes on. */
    private List<Candidate> normalisedStep(List<NextTokens> said, boolean last) {
        int kept = Math.max(2, 1 + stops.size()) * search.beams();
        List<Candidate> best = best(said, kept, true);
        List<Candidate> next = new ArrayList<>();
        for (int rank = 0; rank < best.size(); rank++) {
            Candidate candidate = best.get(rank);
            boolean stop = stops.contains(candidate.token);
            if (!stop && !last) {
                if (next.size() < search.beams()) {
                    next.add(candidate);
                }
            } else if (rank < search.beams()) {
                double score = candidate.sum / Math.pow(length, search.lengthPenalty());
                finished.add(finish(said, candidate, stop, score));
            }
        }
        finished.sort(Found.BEST_FIRST);
        if (finished.size() > search.beams()) {
            finished.subList(search.beams(), finished.size()).clear();
        }
        return next;
    }

    /** One step of the rule of big_vision: every beam may end here, and only the best end is kept. */
    private List<Candidate> unnormalisedStep(List<NextTokens> said) {
        for (int beam = 0; beam < live.size(); beam++) {
            Scores scores = new Scores(said.get(beam), live.get(beam));
            for (int stop : stops) {
                double sum = live.get(beam).sum + scores.of(stop);
                if (finished.isEmpty() ? sum > Double.NEGATIVE_INFINITY : sum > finished.get(0).score) {
                    Candidate end = new Candidate(beam, stop, sum);
                    finished.clear();
                    finished.add(finish(said, end, true, sum));
                }
            }
        }
        return best(said, search.beams(), false);
    }

    private boolean isDone(double bestSum) {
        if (!search.normalised()) {
            return !finished.isEmpty() && bestSum < finished.get(0).score;
        }
        if (finished.size() < search.beams()) {
            return false;
        }
        double worst = finished.get(finished.size() - 1).score;
        return search.earlyStopping() || bestSum / Math.pow(length, search.lengthPenalty()) <= worst;
    }

    /** The most likely candidates of all live beams, in descending order. */
    private List<Candidate> best(List<NextTokens> said, int count, boolean withStops) {
        PriorityQueue<Candidate> worstFirst = new PriorityQueue<>(Candidate.BEST_FIRST.reversed());
        for (int i = 0; i < live.size(); i++) {
            int beam = i;
            Beam from = live.get(beam);
            new Scores(said.get(beam), from).forEach((token, score) -> {
                double sum = from.sum + score;
                Candidate worst = worstFirst.peek();
                boolean full = worstFirst.size() == count;
                if (sum == Double.NEGATIVE_INFINITY
                        || (full && worst != null && sum < worst.sum)
                        || (!withStops && stops.contains(token))) {
                    return;
                }
                worstFirst.add(new Candidate(beam, token, sum));
                if (full) {
                    worstFirst.remove();
                }
            });
        }
        List<Candidate> best = new ArrayList<>(worstFirst);
        best.sort(Candidate.BEST_FIRST);
        return best;
    }

    private Found finish(List<NextTokens> said, Candidate end, boolean ended, double score) {
        Beam from = live.get(end.beam);
        NextTokens next = said.get(end.beam);
        if (!ended) {
            Beam whole = extended(from, next, end);
            return new Found(whole.tokens, 0, whole.keptMass, FinishReason.LENGTH, score);
        }
        double kept = from.keptMass * (1 - TokenDescriber.removedMass(next, from.allowed()));
        return new Found(from.tokens, next.logProbability(end.token), kept, FinishReason.EOS, score);
    }

    private Beam extended(Beam from, NextTokens next, Candidate chosen) {
        double removed = TokenDescriber.removedMass(next, from.allowed());
        List<GeneratedToken> tokens = new ArrayList<>(from.tokens);
        tokens.add(TokenDescriber.describe(prepared, chosen.token, next, removed));
        return new Beam(
                tokens,
                chosen.sum,
                from.keptMass * (1 - removed),
                from.constraint == null ? null : from.constraint.next(chosen.token));
    }
}
