package dev.paligemma.evaluation.answer;

import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.evaluation.metric.Metric;
import dev.paligemma.evaluation.metric.Scores;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Counts right answers to questions whether something is in a picture, as big_vision does for POPE: the answer in small
 * letters must be the reference, {@code yes} or {@code no}; anything else is wrong. Further figures as POPE's own evaluator
 * has them: precision, recall and F1 of {@code yes}, and the share of answers that are {@code yes}; and the share that is
 * {@code yes} or {@code no} at all. A precision of no answers is 0.
 */
public final class Pope implements Metric {
    private static final String YES = "yes";
    private static final String NO = "no";

    /** The metric. */
    public Pope() {}

    @Override
    public String name() {
        return "pope";
    }

    @Override
    public Scores score(List<Case> cases) {
        double[] right = new double[cases.size()];
        double found = 0;
        double said = 0;
        double wanted = 0;
        double valid = 0;
        for (int i = 0; i < right.length; i++) {
            Case each = cases.get(i);
            String answer = each.answer().toLowerCase(Locale.ROOT);
            String truth = truth(each);
            right[i] = answer.equals(truth) ? 1 : 0;
            said += answer.equals(YES) ? 1 : 0;
            valid += answer.equals(YES) || answer.equals(NO) ? 1 : 0;
            wanted += truth.equals(YES) ? 1 : 0;
            found += truth.equals(YES) ? right[i] : 0;
        }
        double precision = said == 0 ? 0 : found / said;
        double recall = wanted == 0 ? 0 : found / wanted;
        Map<String, Double> parts = new LinkedHashMap<>();
        parts.put("accuracy", Arrays.stream(right).average().orElse(0));
        parts.put("precision", precision);
        parts.put("recall", recall);
        parts.put("f1", precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall));
        parts.put("yes", said / right.length);
        parts.put("valid", valid / right.length);
        return Scores.mean(name(), cases.stream().map(Case::id).toList(), right).withParts(parts);
    }

    private static String truth(Case each) {
        String truth = each.references().get(0);
        if (each.references().size() != 1 || !(truth.equals(YES) || truth.equals(NO))) {
            throw new EvaluationException("case " + each.id() + " must have one reference, yes or no, got "
                    + each.references().size() + " of which the first is '" + truth + "'");
        }
        return truth;
    }
}
