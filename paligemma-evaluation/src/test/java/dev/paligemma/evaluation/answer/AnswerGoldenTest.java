package dev.paligemma.evaluation.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.evaluation.GoldenCases;
import dev.paligemma.evaluation.Metrics;
import dev.paligemma.evaluation.metric.Scores;
import java.net.URISyntaxException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares with src/reference/evaluation/make_answer_goldens.py: the anls package, and the evaluators of big_vision. */
class AnswerGoldenTest {
    @ParameterizedTest
    @ValueSource(strings = {"vqa", "vqa-plain", "exact", "anls", "anls-plain", "relaxed", "tallyqa"})
    void scoresAreThoseOfTheReference(String metric) throws URISyntaxException {
        GoldenCases golden =
                GoldenCases.of(GoldenCases.rows(GoldenCases.file("paligemma.evaluation.answers", "/answers.jsonl")));

        Scores scores = Metrics.named(metric).score(golden.cases());

        for (int i = 0; i < scores.cases(); i++) {
            assertThat(scores.scoreOf(i))
                    .as("case %s", golden.cases().get(i))
                    .isEqualTo(((Number) golden.scores().get(i).get(metric)).doubleValue(), within(1e-9));
        }
    }
}
