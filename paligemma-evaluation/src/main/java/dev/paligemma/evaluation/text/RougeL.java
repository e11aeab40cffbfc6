package dev.paligemma.evaluation.text;

import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.Metric;
import dev.paligemma.evaluation.metric.Scores;
import java.util.List;

/**
 * ROUGE-L: precision and recall of the longest sequence of words, with gaps, that an answer shares with a reference; each is
 * the best of all references, and recall counts more. From 0 to 1, the mean over the cases.
 */
public final class RougeL implements Metric {
    private static final double BETA = 1.2;

    /** The metric. */
    public RougeL() {}

    @Override
    public String name() {
        return "rouge-l";
    }

    @Override
    public Scores score(List<Case> cases) {
        TokenizedCases texts = TokenizedCases.of(cases);
        double[] each = new double[cases.size()];
        for (int i = 0; i < each.length; i++) {
            each[i] = score(texts.answers().get(i), texts.references().get(i));
        }
        return Scores.mean(name(), TokenizedCases.ids(cases), each);
    }

    private static double score(String answer, List<String> references) {
        // A text without words is one word here, the empty one, as in the evaluator.
        String[] words = answer.split(" ", -1);
        double precision = 0;
        double recall = 0;
        for (String reference : references) {
            String[] others = reference.split(" ", -1);
            double common = common(words, others);
            precision = Math.max(precision, common / words.length);
            recall = Math.max(recall, common / others.length);
        }
        return precision == 0 || recall == 0
                ? 0
                : (1 + BETA * BETA) * precision * recall / (recall + BETA * BETA * precision);
    }

    /** The length of the longest common subsequence. */
    private static int common(String[] first, String[] second) {
        int[] above = new int[second.length + 1];
        for (String word : first) {
            int[] row = new int[second.length + 1];
            for (int j = 1; j < row.length; j++) {
                row[j] = word.equals(second[j - 1]) ? above[j - 1] + 1 : Math.max(row[j - 1], above[j]);
            }
            above = row;
        }
        return above[second.length];
    }
}
