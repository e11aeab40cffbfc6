package dev.paligemma.evaluation.text;

import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.Metric;
import dev.paligemma.evaluation.metric.Scores;
import dev.paligemma.evaluation.text.Grams.Counts;
import dev.paligemma.evaluation.text.Grams.Text;
import java.util.List;

/**
 * BLEU of a whole corpus: the share of sequences of words that occur in a reference, over all cases, less for answers that
 * are shorter than the references of the nearest length. From 0 to 1. It is not the mean over the cases.
 */
public final class Bleu implements Metric {
    private static final double SMALL = 1e-9;
    private static final double TINY = 1e-15;

    private final int longest;

    /**
     * The metric.
     *
     * @param longest how many words the longest sequences have, from 1 to 4
     */
    public Bleu(int longest) {
        if (longest < 1 || longest > Grams.MAX_LENGTH) {
            throw new IllegalArgumentException("longest must be from 1 to " + Grams.MAX_LENGTH + ", got " + longest);
        }
        this.longest = longest;
    }

    @Override
    public String name() {
        return "bleu" + longest;
    }

    @Override
    public Scores score(List<Case> cases) {
        TokenizedCases texts = TokenizedCases.of(cases);
        Matches[] matches = new Matches[cases.size()];
        double[] each = new double[matches.length];
        for (int i = 0; i < matches.length; i++) {
            matches[i] = new Matches(texts.answers().get(i), texts.references().get(i));
            each[i] = score(matches[i]);
        }
        return Scores.ofCorpus(name(), TokenizedCases.ids(cases), each, chosen -> {
            Matches sum = new Matches();
            for (int index : chosen) {
                sum.add(matches[index]);
            }
            return score(sum);
        });
    }

    private double score(Matches matches) {
        double product = 1;
        for (int n = 0; n < longest; n++) {
            product *= (matches.correct[n] + TINY) / (matches.written[n] + SMALL);
        }
        double ratio = (matches.answerLength + TINY) / (matches.referenceLength + SMALL);
        return Math.pow(product, 1.0 / longest) * (ratio < 1 ? Math.exp(1 - 1 / ratio) : 1);
    }

    /** What is counted of one case, or of several together. */
    private static final class Matches {
        private final long[] correct = new long[Grams.MAX_LENGTH];
        private final long[] written = new long[Grams.MAX_LENGTH];
        private long answerLength;
        private long referenceLength;

        Matches() {}

        Matches(String answerText, List<String> referenceTexts) {
            Grams grams = new Grams();
            Text answer = grams.count(answerText);
            List<Text> references = referenceTexts.stream().map(grams::count).toList();
            answerLength = answer.words();
            referenceLength = nearest(answer.words(), references);
            for (int n = 0; n < Grams.MAX_LENGTH; n++) {
                written[n] = Math.max(0, answer.words() - n);
                int[] most = new int[grams.different(n + 1)];
                for (Text reference : references) {
                    Counts found = reference.ofLength().get(n);
                    for (int i = 0; i < found.size(); i++) {
                        most[found.ids()[i]] = Math.max(most[found.ids()[i]], found.counts()[i]);
                    }
                }
                Counts said = answer.ofLength().get(n);
                for (int i = 0; i < said.size(); i++) {
                    correct[n] += Math.min(said.counts()[i], most[said.ids()[i]]);
                }
            }
        }

        /** The length of a reference that is nearest to that of the answer, the shorter one of two. */
        private static int nearest(int length, List<Text> references) {
            int best = references.get(0).words();
            for (Text reference : references) {
                int words = reference.words();
                int difference = Math.abs(words - length) - Math.abs(best - length);
                if (difference < 0 || (difference == 0 && words < best)) {
                    best = words;
                }
            }
            return best;
        }

        void add(Matches other) {
            answerLength += other.answerLength;
            referenceLength += other.referenceLength;
            for (int n = 0; n < Grams.MAX_LENGTH; n++) {
                correct[n] += other.correct[n];
                written[n] += other.written[n];
            }
        }
    }
}
