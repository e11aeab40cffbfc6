package dev.paligemma.evaluation.answer;

import dev.paligemma.evaluation.internal.PythonText;
import java.util.Locale;
import java.util.function.ToDoubleBiFunction;

/**
 * ANLS: one less the edit distance between an answer and a reference as a share of the longer one, the best of all
 * references; 0 from a share of one half on. Characters are code points.
 */
public final class Anls extends AnswerMetric {
    private static final double THRESHOLD = 0.5;

    private Anls(String name, ToDoubleBiFunction<String, String> similarity) {
        super(
                name,
                each -> each.references().stream()
                        .mapToDouble(reference -> similarity.applyAsDouble(reference, each.answer()))
                        .max()
                        .orElse(0));
    }

    /** The rule of the challenges: upper and lower case are one, and so are spaces, of which those at the ends go. */
    public static Anls official() {
        return new Anls("anls", (reference, answer) -> {
            String one = normal(reference);
            String other = normal(answer);
            // The evaluator measures texts in upper case, where some letters are two.
            int longer = Math.max(length(one.toUpperCase(Locale.ROOT)), length(other.toUpperCase(Locale.ROOT)));
            return similarity(one, other, longer);
        });
    }

    /** The rule of big_vision, which compares texts as they are. */
    public static Anls plain() {
        return new Anls(
                "anls-plain",
                (reference, answer) -> similarity(reference, answer, Math.max(length(reference), length(answer))));
    }

    private static String normal(String text) {
        return String.join(" ", PythonText.words(PythonText.lower(text)));
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    private static double similarity(String one, String other, int longer) {
        double share = longer == 0 ? 0 : (double) distance(one, other) / longer;
        return share < THRESHOLD ? 1 - share : 0;
    }

    private static int distance(String one, String other) {
        int[] from = one.codePoints().toArray();
        int[] to = other.codePoints().toArray();
        int[] above = new int[to.length + 1];
        for (int j = 0; j < above.length; j++) {
            above[j] = j;
        }
        for (int i = 1; i <= from.length; i++) {
            int[] row = new int[above.length];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int changed = above[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                row[j] = Math.min(changed, Math.min(row[j - 1], above[j]) + 1);
            }
            above = row;
        }
        return above[to.length];
    }
}
