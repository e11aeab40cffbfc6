package dev.paligemma.evaluation.text;

import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.Metric;
import dev.paligemma.evaluation.metric.Scores;
import dev.paligemma.evaluation.text.Grams.Counts;
import dev.paligemma.evaluation.text.Grams.Text;
import java.util.ArrayList;
import java.util.List;

/**
 * CIDEr-D: how much a caption has in common with those of people, where sequences of words count the more the fewer pictures
 * they were written for. From 0 to 10; papers print it times 100.
 *
 * <p>How rare a sequence is depends on all cases that are scored together, so scores of a part cannot be compared with those
 * of the whole, and a single case has the score 0. The score of a choice of cases is the mean of theirs among all.
 */
public final class Cider implements Metric {
    private static final double SIGMA = 6;
    private static final double SCALE = 10;

    /** The metric. */
    public Cider() {}

    @Override
    public String name() {
        return "cider";
    }

    @Override
    public Scores score(List<Case> cases) {
        TokenizedCases texts = TokenizedCases.of(cases);
        Grams grams = new Grams();
        List<List<Text>> references = texts.references().stream()
                .map(captions -> captions.stream().map(grams::count).toList())
                .toList();
        List<Text> answers = texts.answers().stream().map(grams::count).toList();
        List<double[]> weights = weights(references, grams);
        double[] each = new double[cases.size()];
        for (int i = 0; i < each.length; i++) {
            each[i] = score(new Weighted(answers.get(i), weights), references.get(i), weights);
        }
        return Scores.mean(name(), TokenizedCases.ids(cases), each);
    }

    private static double score(Weighted answer, List<Text> references, List<double[]> weights) {
        double sum = 0;
        for (Text reference : references) {
            sum += answer.similarity(new Weighted(reference, weights));
        }
        return sum / Grams.MAX_LENGTH / references.size() * SCALE;
    }

    /** For each length and sequence how rare it is: the logarithm of the pictures for one of those it was written for. */
    private static List<double[]> weights(List<List<Text>> references, Grams grams) {
        double all = Math.log(references.size());
        List<double[]> weights = new ArrayList<>();
        for (int n = 0; n < Grams.MAX_LENGTH; n++) {
            int[] pictures = new int[grams.different(n + 1)];
            int[] lastPicture = new int[pictures.length];
            for (int picture = 0; picture < references.size(); picture++) {
                for (Text caption : references.get(picture)) {
                    for (int gram : caption.ofLength().get(n).ids()) {
                        if (lastPicture[gram] != picture + 1) {
                            lastPicture[gram] = picture + 1;
                            pictures[gram]++;
                        }
                    }
                }
            }
            double[] ofLength = new double[pictures.length];
            for (int gram = 0; gram < pictures.length; gram++) {
                ofLength[gram] = all - Math.log(Math.max(1, pictures[gram]));
            }
            weights.add(ofLength);
        }
        return weights;
    }

    /** A caption as the weighted counts of its sequences. */
    private static final class Weighted {
        private final Text text;
        private final List<double[]> values = new ArrayList<>(Grams.MAX_LENGTH);
        private final double[] norm = new double[Grams.MAX_LENGTH];
        private final int length;

        Weighted(Text text, List<double[]> weights) {
            this.text = text;
            for (int n = 0; n < Grams.MAX_LENGTH; n++) {
                Counts grams = text.ofLength().get(n);
                double[] weight = weights.get(n);
                double[] weighted = new double[grams.size()];
                double squares = 0;
                for (int i = 0; i < weighted.length; i++) {
                    weighted[i] = grams.counts()[i] * weight[grams.ids()[i]];
                    squares += weighted[i] * weighted[i];
                }
                values.add(weighted);
                norm[n] = Math.sqrt(squares);
            }
            // The evaluator counts pairs of words here.
            this.length = Math.max(0, text.words() - 1);
        }

        /** The sum over all lengths of sequences. */
        double similarity(Weighted reference) {
            double sum = 0;
            for (int n = 0; n < Grams.MAX_LENGTH; n++) {
                double product = product(reference, n);
                if (norm[n] != 0 && reference.norm[n] != 0) {
                    product /= norm[n] * reference.norm[n];
                }
                sum += product;
            }
            double delta = length - reference.length;
            return sum * Math.exp(-delta * delta / (2 * SIGMA * SIGMA));
        }

        /** Over the sequences that both have, whose numbers ascend on both sides. */
        private double product(Weighted reference, int n) {
            int[] own = text.ofLength().get(n).ids();
            int[] others = reference.text.ofLength().get(n).ids();
            double product = 0;
            int i = 0;
            int j = 0;
            while (i < own.length && j < others.length) {
                if (own[i] == others[j]) {
                    double other = reference.values.get(n)[j++];
                    product += Math.min(values.get(n)[i++], other) * other;
                } else if (own[i] < others[j]) {
                    i++;
                } else {
                    j++;
                }
            }
            return product;
        }
    }
}
