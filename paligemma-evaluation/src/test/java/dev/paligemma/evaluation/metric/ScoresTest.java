package dev.paligemma.evaluation.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScoresTest {
    @Test
    void aMeanIsThatOfAnyChoiceToo() {
        Scores scores = Scores.mean("exact", List.of("a", "b"), new double[] {1, 0});

        assertThat(scores.score()).isEqualTo(0.5);
        assertThat(scores.scoreOf(new int[] {0, 0, 0, 1})).isEqualTo(0.75);
        assertThat(scores.scoreOf(1)).isZero();
        assertThat(scores.withParts(Map.of("part", 0.25)).parts()).containsEntry("part", 0.25);
    }

    @Test
    void refusesAScoreThatIsNoNumber() {
        assertThatThrownBy(() -> Scores.mean("own", List.of("a"), new double[] {Double.NaN}))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("own");
    }

    @Test
    void refusesScoresThatAreNotOnePerCase() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Scores.mean("exact", List.of("a", "b"), new double[] {1}));
        assertThatIllegalArgumentException().isThrownBy(() -> Scores.mean("exact", List.of(), new double[0]));
    }
}
