package dev.paligemma.evaluation.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.evaluation.metric.Case;
import dev.paligemma.evaluation.metric.Scores;
import java.util.List;
import org.junit.jupiter.api.Test;

class CaptionMetricsTest {
    private static final List<Case> CASES = List.of(
            new Case("1", "a red dog on the green beach", List.of("a red dog on the green beach")),
            new Case("2", "a bird", List.of("two boats at sea", "boats in the harbour of a town")),
            new Case("3", "", List.of("nothing much")));

    @Test
    void ciderOfOneCaseIsZeroAndOfEqualCaptionsTen() {
        assertThat(new Cider().score(CASES.subList(0, 1)).score()).isZero();
        assertThat(new Cider().score(CASES).scoreOf(0)).isEqualTo(10, within(1e-9));
        assertThat(new Cider().score(CASES).scoreOf(2)).isZero();
    }

    @Test
    void bleuIsThatOfTheWholeCorpus() {
        Scores scores = new Bleu(1).score(CASES);

        assertThat(scores.scoreOf(0)).isEqualTo(1, within(1e-6));
        assertThat(scores.score()).isNotEqualTo((scores.scoreOf(0) + scores.scoreOf(1) + scores.scoreOf(2)) / 3);
        assertThat(scores.scoreOf(new int[] {0, 0, 0})).isEqualTo(1, within(1e-6));
    }

    @Test
    void rougeOfTwoEmptyTextsIsOne() {
        List<Case> empty = List.of(new Case("1", "...", List.of("!")));

        assertThat(new RougeL().score(empty).score()).isEqualTo(1, within(1e-12));
        assertThat(new RougeL().score(CASES).scoreOf(2)).isZero();
    }

    @Test
    void refusesNoCases() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Cider().score(List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> new Bleu(5));
    }
}
