package dev.paligemma.evaluation.text;

import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.Metric;
import dev.paligemma.evaluation.metric.Scores;
import dev.paligemma.evaluation.text.Grams.Counts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

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
        List<List<Counts>> references = texts.references().stream()
                .map(captions -> captions.stream().map(grams::count).toList())
                .toList();
        List<Counts> answers = texts.answers().stream().map(grams::count).toList();
        List<double[]> weights = weights(references, grams);
        double[] each = new double[cases.size()];
        for (int i = 0; i < each.length; i++) {
            each[i] = score(new Vector(answers.get(i), weights), references.get(i), weights);
        }
        return Scores.mean(name(), TokenizedCases.ids(cases), each);
    }

    private static double score(Vector answer, List<Counts> references, List<double[]> weights) {
        double sum = 0;
        for (Counts reference : references) {
            sum += answer.similarity(new Vector(reference, weights));
        }
        return sum / Grams.MAX_LENGTH / references.size() * SCALE;
    }

    /** For each length and sequence how rare it is: the logarithm of the pictures for one of those it was written for. */
    private static List<double[]> weights(List<List<Counts>> references, Grams grams) {
        double all = Math.log(references.size());
        List<double[]> weights = new ArrayList<>();
        for (int length = 1; length <= Grams.MAX_LENGTH; length++) {
            int[] pictures = new int[grams.different(length)];
            for (List<Counts> captions : references) {
                Set<Integer> found = new HashSet<>();
                for (Counts caption : captions) {
                    found.addAll(caption.ofLength().get(length - 1).keySet());
                }
                found.forEach(gram -> pictures[gram]++);
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
    private static final class Vector {
        private final List<Map<Integer, Double>> values = new ArrayList<>();
        private final double[] norm = new double[Grams.MAX_LENGTH];
        private final int length;

        Vector(Counts counts, List<double[]> weights) {
            for (int n = 0; n < Grams.MAX_LENGTH; n++) {
                Map<Integer, Integer> ofLength = counts.ofLength().get(n);
                double[] weight = weights.get(n);
                Map<Integer, Double> weighted = new HashMap<>(ofLength.size() * 2);
                double squares = 0;
                for (Map.Entry<Integer, Integer> gram : ofLength.entrySet()) {
                    double value = gram.getValue() * weight[gram.getKey()];
                    weighted.put(gram.getKey(), value);
                    squares += value * value;
                }
                values.add(weighted);
                norm[n] = Math.sqrt(squares);
            }
            // The evaluator counts pairs of words here.
            this.length = Math.max(0, counts.words() - 1);
        }

        /** The sum over all lengths of sequences. */
        double similarity(Vector reference) {
            double sum = 0;
            for (int n = 0; n < Grams.MAX_LENGTH; n++) {
                double product = 0;
                for (Map.Entry<Integer, Double> gram : values.get(n).entrySet()) {
                    Double other = reference.values.get(n).get(gram.getKey());
                    if (other != null) {
                        product += Math.min(gram.getValue(), other) * other;
                    }
                }
                if (norm[n] != 0 && reference.norm[n] != 0) {
                    product /= norm[n] * reference.norm[n];
                }
                sum += product;
            }
            double delta = length - reference.length;
            return sum * Math.exp(-delta * delta / (2 * SIGMA * SIGMA));
        }
    }
}
