package dev.paligemma.evaluation.answer;

import dev.paligemma.evaluation.internal.PythonText;
import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.EvaluationException;
import java.util.List;

/**
 * VQA accuracy of version 2: a third for each of the other people who gave the answer, at most 1, the mean over leaving out
 * each of the people. Texts are made alike, unless all people gave the same answer.
 *
 * <p>The data sets have ten answers to a question. The rule works for any number from two on.
 */
public final class VqaAccuracy extends AnswerMetric {
    /** The metric. */
    public VqaAccuracy() {
        super("vqa", VqaAccuracy::score);
    }

    private static double score(Case one) {
        List<String> references =
                one.references().stream().map(VqaAccuracy::strip).toList();
        if (references.size() < 2) {
            throw new EvaluationException(
                    "case " + one.id() + " has one reference, but the rule of VQA v2 leaves one out"
                            + " and compares with the others; use vqa-plain or exact");
        }
        String answer = strip(one.answer());
        if (references.stream().distinct().count() > 1) {
            answer = VqaText.normal(answer);
            references = references.stream().map(VqaText::normal).toList();
        }
        double sum = 0;
        int all = count(references, answer);
        for (String leftOut : references) {
            int others = all - (leftOut.equals(answer) ? 1 : 0);
            sum += Math.min(1, others / 3.0);
        }
        return sum / references.size();
    }

    private static int count(List<String> references, String answer) {
        return (int) references.stream().filter(answer::equals).count();
    }

    private static String strip(String text) {
        return PythonText.strip(text.replace('\n', ' ').replace('\t', ' '));
    }
}
