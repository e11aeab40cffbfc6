package dev.paligemma.examples;

import dev.paligemma.evaluation.Metrics;
import dev.paligemma.evaluation.TaskMetric;
import dev.paligemma.evaluation.data.AnswerFiles;
import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.Scores;
import java.nio.file.Path;
import java.util.List;

/** Examples of the documentation: scores of answers. */
public final class EvaluationExample {
    private EvaluationExample() {}

    /** Scores two captions in memory. */
    public static void main(String[] args) {
        List<Case> cases = List.of(
                new Case("1", "a red star", List.of("a red star", "a star that is red")),
                new Case("2", "a circle", List.of("two blue squares")));
        System.out.println(score(cases));
    }

    // region score
    static double score(List<Case> cases) {
        Scores scores = Metrics.named("rouge-l").score(cases);
        for (int i = 0; i < scores.cases(); i++) {
            System.out.println(scores.ids().get(i) + " " + scores.scoreOf(i));
        }
        return scores.score();
    }
    // endregion

    // region task
    static double score(String task, Path predictions, Path references) {
        TaskMetric measured = Metrics.forTask(task); // "docvqa", for example
        return measured.metric()
                .score(AnswerFiles.read(List.of(predictions), references))
                .score();
    }
    // endregion
}
