package dev.paligemma.evaluation.run;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.evaluation.metric.EvaluationException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Questions with ids of their own. Confined to one thread. */
final class QuestionList {
    private final String where;
    private final List<Question> all = new ArrayList<>();
    private final Set<String> ids = new HashSet<>();

    QuestionList(String where) {
        this.where = where;
    }

    void add(Question question) {
        if (!ids.add(question.id())) {
            throw new EvaluationException(where + ": the id " + Quote.quote(question.id()) + " comes twice");
        }
        all.add(question);
    }

    int size() {
        return all.size();
    }

    List<Question> all() {
        if (all.isEmpty()) {
            throw new EvaluationException(where + ": there is no question");
        }
        return all;
    }
}
