package dev.paligemma.evaluation;

import dev.paligemma.evaluation.answer.Anls;
import dev.paligemma.evaluation.answer.CountAccuracy;
import dev.paligemma.evaluation.answer.ExactMatch;
import dev.paligemma.evaluation.answer.LetterAccuracy;
import dev.paligemma.evaluation.answer.PlainVqaAccuracy;
import dev.paligemma.evaluation.answer.Pope;
import dev.paligemma.evaluation.answer.RelaxedAccuracy;
import dev.paligemma.evaluation.answer.VqaAccuracy;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.evaluation.metric.Metric;
import dev.paligemma.evaluation.text.Bleu;
import dev.paligemma.evaluation.text.Cider;
import dev.paligemma.evaluation.text.RougeL;
import java.util.List;

/** All metrics of texts by their names, and what the model cards measure with them. Stateless. */
public final class Metrics {
    private static final List<Metric> ALL = List.of(
            new Cider(),
            new Bleu(1),
            new Bleu(2),
            new Bleu(3),
            new Bleu(4),
            new RougeL(),
            new VqaAccuracy(),
            new PlainVqaAccuracy(),
            new ExactMatch(),
            Anls.official(),
            Anls.plain(),
            new RelaxedAccuracy(),
            new CountAccuracy(),
            new LetterAccuracy(),
            new Pope());

    private Metrics() {}

    /** The names of all metrics. */
    public static List<String> names() {
        return ALL.stream().map(Metric::name).toList();
    }

    /**
     * A metric by its name.
     *
     * @throws EvaluationException if there is none of this name; the message has those that there are
     */
    public static Metric named(String name) {
        return ALL.stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new EvaluationException(
                        "there is no metric '" + name + "', expected one of " + String.join(", ", names())));
    }

    /** The names of all tasks of the model cards whose answers are texts. */
    public static List<String> tasks() {
        return List.copyOf(CardTasks.ALL.keySet());
    }

    /**
     * How a task of the model cards is measured.
     *
     * @param task its name, such as {@code textvqa}
     * @throws EvaluationException if there is none of this name; the message has those that there are
     */
    public static TaskMetric forTask(String task) {
        TaskMetric known = CardTasks.ALL.get(task);
        if (known == null) {
            throw new EvaluationException(
                    "there is no task '" + task + "', expected one of " + String.join(", ", CardTasks.ALL.keySet()));
        }
        return known;
    }
}
