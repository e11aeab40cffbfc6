package dev.paligemma.evaluation.run;

import dev.paligemma.evaluation.metric.Scores;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A run that is done: every question with its answer, and the score of them all. Immutable and thread-safe. */
public final class EvaluationRun {
    private final Map<String, String> settings;
    private final List<Question> questions;
    private final List<Answered> answers;
    private final Scores scores;
    private final Interval interval;

    EvaluationRun(
            Map<String, String> settings,
            List<Question> questions,
            List<Answered> answers,
            Scores scores,
            Interval interval) {
        this.settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        this.questions = List.copyOf(questions);
        this.answers = List.copyOf(answers);
        this.scores = scores;
        this.interval = interval;
    }

    /** What the answers depend on, by name: the model, the data set and others. */
    public Map<String, String> settings() {
        return settings;
    }

    /** All questions. */
    public List<Question> questions() {
        return questions;
    }

    /** The answers, one for each question in their order, those that failed among them. */
    public List<Answered> answers() {
        return answers;
    }

    /** How many questions could not be asked; they are among the cases and count as wrong. */
    public int failed() {
        return (int) answers.stream().filter(each -> each.error().isPresent()).count();
    }

    /** The scores of all cases, in the order of the questions. */
    public Scores scores() {
        return scores;
    }

    /** Where the score lies with a probability of 95 %, as far as the cases tell. */
    public Interval interval() {
        return interval;
    }
}
