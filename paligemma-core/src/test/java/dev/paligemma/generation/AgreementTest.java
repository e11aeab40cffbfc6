package dev.paligemma.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class AgreementTest {
    private static final Agreement LONG = new Agreement(8, 6, 0.5, 3, 1.5);
    private static final Agreement SHORT = new Agreement(2, 2, 0, 0, 0);

    @Test
    void meansAreOverPositionsAndBoxes() {
        assertThat(LONG.tokenAgreement()).isEqualTo(0.75);
        assertThat(LONG.meanKl()).isEqualTo(0.0625);
        assertThat(LONG.meanIou()).hasValue(0.5);
        assertThat(SHORT.meanIou()).isEmpty();
    }

    @Test
    void totalsCountLongAnswersMore() {
        Comparison comparison = new Comparison(List.of(
                new ComparedRequest(0, "detect", "a", "b", false, LONG),
                new ComparedRequest(1, "detect", "c", "c", true, SHORT)));
        assertThat(comparison.total()).isEqualTo(new Agreement(10, 8, 0.5, 3, 1.5));
        assertThat(comparison.total().tokenAgreement()).isEqualTo(0.8);
        assertThat(comparison.sameAnswers()).isEqualTo(0.5);
    }

    @Test
    void figuresThatContradictEachOtherAreRefused() {
        assertThatThrownBy(() -> new Agreement(1, 2, 0, 0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Agreement(1, -1, 0, 0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Agreement(1, 1, Double.NaN, 0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Agreement(1, 1, 0, 1, 1.5)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Comparison(List.of())).isInstanceOf(IllegalArgumentException.class);
    }
}
