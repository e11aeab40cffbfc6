package dev.paligemma.evaluation.metric;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a metric says about cases: one score of all, one of each, and the score of any choice of them, with which an interval
 * can be estimated by drawing cases again. Immutable and thread-safe.
 */
public final class Scores {
    /** The score of a choice of cases, given as their indexes; an index may come several times. */
    @FunctionalInterface
    public interface Choice {
        /** The score of the cases with these indexes. */
        double score(int[] cases);
    }

    private final String metric;
    private final List<String> ids;
    private final double[] each;
    private final Choice choice;
    private final double score;
    private final Map<String, Double> parts;

    private Scores(String metric, List<String> ids, double[] each, Choice choice, Map<String, Double> parts) {
        if (ids.isEmpty() || ids.size() != each.length) {
            throw new IllegalArgumentException(
                    "expected one score for each of at least one case, got " + each.length + " for " + ids.size());
        }
        this.metric = metric;
        this.ids = List.copyOf(ids);
        this.each = each.clone();
        this.choice = choice;
        this.parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
        this.score = choice.score(all(ids.size()));
        if (!Double.isFinite(score)) {
            throw new EvaluationException("the score of " + metric + " over " + each.length + " cases is " + score
                    + ", expected a finite number");
        }
    }

    /** Scores of a metric that is the mean over its cases. */
    public static Scores mean(String metric, List<String> ids, double[] each) {
        double[] own = each.clone();
        return new Scores(metric, ids, own, chosen -> meanOf(own, chosen), Map.of());
    }

    /** Scores of a metric that no mean over the cases gives; {@code choice} is asked for the score of all as well. */
    public static Scores ofCorpus(String metric, List<String> ids, double[] each, Choice choice) {
        return new Scores(metric, ids, each, choice, Map.of());
    }

    /** The same scores with further figures, such as precision and recall, or the score of a part of the cases. */
    public Scores withParts(Map<String, Double> figures) {
        return new Scores(metric, ids, each, choice, figures);
    }

    /** The name of the metric. */
    public String metric() {
        return metric;
    }

    /** The score of all cases. */
    public double score() {
        return score;
    }

    /** How many cases it is about. */
    public int cases() {
        return ids.size();
    }

    /** What the cases are called, in their order. */
    public List<String> ids() {
        return ids;
    }

    /** The score of one case alone; for a metric of a whole corpus what is nearest to that. */
    public double scoreOf(int index) {
        return each[index];
    }

    /** The score of a choice of cases, given as their indexes; an index may come several times. */
    public double scoreOf(int[] chosen) {
        return choice.score(chosen.clone());
    }

    /** Further figures by name, in the order in which the metric is usually printed; empty for most. */
    public Map<String, Double> parts() {
        return parts;
    }

    private static int[] all(int count) {
        int[] indexes = new int[count];
        for (int i = 0; i < count; i++) {
            indexes[i] = i;
        }
        return indexes;
    }

    private static double meanOf(double[] each, int[] chosen) {
        double sum = 0;
        for (int index : chosen) {
            sum += each[index];
        }
        return sum / chosen.length;
    }
}
