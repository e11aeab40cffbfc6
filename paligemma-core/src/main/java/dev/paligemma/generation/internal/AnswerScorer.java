package dev.paligemma.generation.internal;

import dev.paligemma.base.internal.NonNull;
import dev.paligemma.constraint.GeneratedToken;
import dev.paligemma.generation.AnswerScore;
import dev.paligemma.generation.FinishReason;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.network.internal.NextTokens;
import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Finds how likely given answers are, as the model would write them. Immutable and thread-safe. */
public final class AnswerScorer {
    private final TextGenerator generator;

    public AnswerScorer(TextGenerator generator) {
        this.generator = generator;
    }

    /** An answer that is read instead of written. */
    private static final class Given implements Decoding.Answer {
        private final PreparedRequest prepared;
        private final int[] ids;
        private final List<GeneratedToken> read = new ArrayList<>();
        private double logProbability;
        private @Nullable GenerationResult result;

        /** An answer of these tokens, at its beginning. */
        Given(PreparedRequest prepared, int[] ids) {
            this.prepared = prepared;
            this.ids = ids;
        }

        @Override
        public boolean accept(NextTokens said) {
            PaliGemmaTokenizer tokenizer = prepared.tokenizer();
            if (read.size() == ids.length) {
                double end = said.logProbability(tokenizer.eosId());
                logProbability += end;
                result = prepared.result(read, end, 1, FinishReason.EOS);
                return false;
            }
            read.add(TokenDescriber.describe(prepared, ids[read.size()], said, 0));
            logProbability += read.get(read.size() - 1).logProbability();
            return true;
        }

        @Override
        public int lastToken() {
            return ids[read.size() - 1];
        }

        AnswerScore score(String answer, double highest, double total) {
            GenerationResult whole = Objects.requireNonNull(result, "result");
            return new AnswerScore(answer, logProbability, Math.exp(logProbability - highest) / total, whole);
        }
    }

    /** The scores in the order of the answers. */
    public List<AnswerScore> score(GenerationRequest request, List<String> answers, Cancellation cancellation) {
        PreparedRequest prepared = generator.prepare(request, cancellation);
        List<Given> given = answers.stream()
                .map(answer -> new Given(prepared, encode(prepared, answer)))
                .toList();
        generator.decode(prepared, new SideBySide(given));
        double highest =
                given.stream().mapToDouble(each -> each.logProbability).max().orElseThrow();
        double total = 0;
        for (Given each : given) {
            total += Math.exp(each.logProbability - highest);
        }
        List<AnswerScore> scores = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            scores.add(given.get(i).score(answers.get(i), highest, total));
        }
        return scores;
    }

    private int[] encode(PreparedRequest prepared, String answer) {
        int[] ids = prepared.tokenizer().encode(answer, ControlTokens.PARSE);
        generator.requireRows(ids, prepared.tokenizer(), prepared.adapter(), "the answer '" + answer + "'");
        return ids;
    }

    /**
     * Checks a caller's answers; an {@link IllegalArgumentException} if there are too few or many, or one is given
     * twice.
     */
    public static List<String> require(List<String> given, int most) {
        List<String> answers = NonNull.copy(given, "answers");
        if (answers.isEmpty() || answers.size() > most) {
            throw new IllegalArgumentException("expected 1 to " + most + " answers, got " + answers.size());
        }
        if (new LinkedHashSet<>(answers).size() < answers.size()) {
            throw new IllegalArgumentException("the same answer is given twice: " + answers);
        }
        return answers;
    }
}
