package dev.paligemma;

import dev.paligemma.token.GeneratedToken;
import dev.paligemma.tokenizer.ControlTokens;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * Finds how likely given answers are. The prompt is run once; then all answers are written side by side, token by token, as
 * the model would write them. Immutable and thread-safe.
 */
final class AnswerScorer {
    private final TextGenerator generator;

    AnswerScorer(TextGenerator generator) {
        this.generator = generator;
    }

    /** The scores in the order of the answers. */
    List<AnswerScore> score(GenerationRequest request, List<String> answers, Cancellation cancellation) {
        int end = generator.tokenizer().eosId();
        List<int[]> tokens = answers.stream()
                .map(answer -> generator.tokenizer().encode(answer, ControlTokens.PARSE))
                .toList();
        TokenDescriber describer = new TokenDescriber(generator.tokenizer());
        List<List<GeneratedToken>> written = answers.stream()
                .map(answer -> (List<GeneratedToken>) new ArrayList<GeneratedToken>())
                .toList();
        double[] ends = new double[answers.size()];
        double[] sums = new double[answers.size()];
        try (TextGenerator.Answering answering = generator.begin(request, cancellation)) {
            VisionLanguageModel.Sequences sequences = answering.sequences();
            List<Integer> open = new ArrayList<>();
            for (int i = 0; i < sums.length; i++) {
                sums[i] = sequences.next(0).logProbability(tokenAt(tokens.get(i), 0, end));
                if (tokens.get(i).length > 0) {
                    written.get(i).add(describer.describe(tokens.get(i)[0], sequences.next(0), 0));
                    open.add(i);
                } else {
                    ends[i] = sums[i];
                }
            }
            int[] rows = new int[open.size()];
            for (int position = 0; !open.isEmpty(); position++) {
                cancellation.check("after " + position + " tokens of every answer");
                sequences.select(rows);
                int place = position;
                sequences.write(
                        open.stream().mapToInt(i -> tokens.get(i)[place]).toArray());
                List<Integer> still = new ArrayList<>();
                List<Integer> stillRows = new ArrayList<>();
                for (int row = 0; row < open.size(); row++) {
                    int i = open.get(row);
                    double logProbability =
                            sequences.next(row).logProbability(tokenAt(tokens.get(i), position + 1, end));
                    sums[i] += logProbability;
                    if (position + 1 < tokens.get(i).length) {
                        written.get(i).add(describer.describe(tokens.get(i)[position + 1], sequences.next(row), 0));
                        still.add(i);
                        stillRows.add(row);
                    } else {
                        ends[i] = logProbability;
                    }
                }
                open = still;
                rows = stillRows.stream().mapToInt(Integer::intValue).toArray();
            }
            Timings timings = answering.timings();
            List<GenerationResult> results = new ArrayList<>();
            for (int i = 0; i < sums.length; i++) {
                results.add(answering.writer().given(written.get(i), ends[i], timings));
            }
            return normalised(answers, sums, results);
        }
    }

    private static int tokenAt(int[] tokens, int position, int end) {
        return position < tokens.length ? tokens[position] : end;
    }

    private static List<AnswerScore> normalised(List<String> answers, double[] sums, List<GenerationResult> results) {
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
            scores.add(new AnswerScore(answers.get(i), sums[i], Math.exp(sums[i] - highest) / total, results.get(i)));
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
