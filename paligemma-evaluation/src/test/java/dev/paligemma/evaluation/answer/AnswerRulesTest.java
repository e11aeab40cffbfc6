package dev.paligemma.evaluation.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.evaluation.metric.Metric;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnswerRulesTest {
    @Test
    void vqaLeavesEachOfThePeopleOutOnce() {
        List<String> people = List.of("cat", "cat", "cat", "dog", "dog", "dog", "dog", "dog", "dog", "dog");

        assertThat(score(new VqaAccuracy(), "cat", people)).isEqualTo((3 * 2 / 3.0 + 7) / 10, within(1e-12));
        assertThat(score(new PlainVqaAccuracy(), "cat", people)).isEqualTo(1);
        assertThat(score(new VqaAccuracy(), "the Cat.", people)).isEqualTo(0.9, within(1e-12));
    }

    @Test
    void vqaTakesTextsAsTheyAreIfAllPeopleAgree() {
        List<String> agreed = Collections.nCopies(10, "the cat");

        assertThat(score(new VqaAccuracy(), " the cat\n", agreed)).isEqualTo(1);
        assertThat(score(new VqaAccuracy(), "cat", agreed)).isZero();
    }

    @Test
    void vqaNeedsSomebodyToCompareWith() {
        assertThatThrownBy(() -> score(new VqaAccuracy(), "cat", List.of("cat")))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContainingAll("case 1", "vqa-plain");
    }

    @Test
    void anlsEndsAtOneHalf() {
        assertThat(score(Anls.official(), "abcd", List.of("abxy"))).isZero();
        assertThat(score(Anls.official(), " ABC  d", List.of("xyz", "abc d"))).isEqualTo(1);
        assertThat(score(Anls.plain(), " abc", List.of("abc"))).isEqualTo(0.75);
        assertThat(score(Anls.plain(), "", List.of(""))).isEqualTo(1);
        assertThat(score(Anls.plain(), "😀😀😀", List.of("😀😀"))).isEqualTo(2 / 3.0, within(1e-12));
    }

    @Test
    void relaxedAccuracyKnowsTheNumbersOfPython() {
        Metric relaxed = new RelaxedAccuracy();

        assertThat(score(relaxed, "105", List.of("100"))).isEqualTo(1);
        assertThat(score(relaxed, "5%", List.of("0.05"))).isEqualTo(1);
        assertThat(score(relaxed, "1_0", List.of("10.2"))).isEqualTo(1);
        assertThat(score(relaxed, "0.0", List.of("0"))).isZero();
        assertThat(score(relaxed, "1,000", List.of("1000"))).isZero();
        assertThat(score(relaxed, "nan", List.of("nan"))).isZero();
        assertThat(score(relaxed, "Yes", List.of("yes"))).isZero();
    }

    @Test
    void countsMayBeWords() {
        assertThat(score(new CountAccuracy(), "Three", List.of("3"))).isEqualTo(1);
        assertThat(score(new CountAccuracy(), "twenty-one", List.of("21"))).isZero();
    }

    @Test
    void scienceQuestionsAreAnsweredByASentence() {
        Metric science = new LetterAccuracy();

        assertThat(score(science, "The answer is B.", List.of("The answer is b. BECAUSE: x")))
                .isEqualTo(1);
        assertThat(score(science, "B", List.of("The answer is B."))).isZero();
        assertThatThrownBy(() -> score(science, "B", List.of("B")))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("The answer is b.");
    }

    private static double score(Metric metric, String answer, List<String> references) {
        return metric.score(List.of(new Case("1", answer, references))).score();
    }
}
