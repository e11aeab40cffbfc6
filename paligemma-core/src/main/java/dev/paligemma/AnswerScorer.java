package dev.paligemma;

import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/** Finds how likely given answers are, as the model would write them. Immutable and thread-safe. */
final class AnswerScorer {
    private final TextGenerator generator;

    AnswerScorer(TextGenerator generator) {
        this.generator = generator;
    }

    /** An answer that is read instead of written. */
    private static final class Given implements Decoding.Answer {
        private final int[] tokens;
        private final int end;
        private int read;
        /** The logarithm of the probability of what was read so far. */
        private double sum;

        /**
         * An answer at its beginning.
         *
         * @param end the token that ends it
         */
        Given(int[] tokens, int end) {
            this.tokens = tokens;
            this.end = end;
        }

        @Override
        public boolean accept(NextTokens said) {
            boolean more = read < tokens.length;
            sum += said.logProbability(more ? tokens[read] : end);
            read++;
            return more;
        }

        @Override
        public int lastToken() {
            return tokens[read - 1];
        }
    }

    /** The scores in the order of the answers. */
    List<AnswerScore> score(GenerationRequest request, List<String> answers, Cancellation cancellation) {
        PaliGemmaTokenizer tokenizer = generator.tokenizer();
        List<Given> given = answers.stream()
                .map(answer -> new Given(tokenizer.encode(answer, ControlTokens.PARSE), tokenizer.eosId()))
                .toList();
        generator.decode(generator.prepare(request, cancellation), new SideBySide(given));
        return normalised(answers, given.stream().mapToDouble(each -> each.sum).toArray());
    }

    private static List<AnswerScore> normalised(List<String> answers, double[] sums) {
        double highest = Double.NEGATIVE_INFINITY;
        for (double sum : sums) {
            highest = Math.max(highest, sum);
        }
        double total = 0;
        for (double sum : sums) {
            total += Math.exp(sum - highest);
        }
        List<AnswerScore> scores = new ArrayList<>();
        for (int i = 0; i < sums.length; i++) {
            scores.add(new AnswerScore(answers.get(i), sums[i], Math.exp(sums[i] - highest) / total));
        }
        return scores;
    }

    /**
     * Checks the answers of a caller.
     *
     * @throws IllegalArgumentException if there are too few or too many, or one is given twice
     */
    static List<String> require(List<String> answers, int most) {
        if (answers.isEmpty() || answers.size() > most) {
            throw new IllegalArgumentException("expected 1 to " + most + " answers, got " + answers.size());
        }
        if (new LinkedHashSet<>(answers).size() < answers.size()) {
            throw new IllegalArgumentException("the same answer is given twice: " + answers);
        }
        return List.copyOf(answers);
    }
}
