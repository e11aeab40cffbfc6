package dev.paligemma.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class GeneratedTokenTest {
    @Test
    void freeTokenHasAProbabilityAndNoLocation() {
        GeneratedToken token = GeneratedToken.of(7, Math.log(0.25));

        assertThat(token.probability()).isCloseTo(0.25, within(1e-15));
        assertThat(token.removedMass()).isZero();
        assertThat(token.locationMean()).isNaN();
        assertThat(token.locationSpread()).isNaN();
        assertThat(GeneratedToken.of(7, Double.NEGATIVE_INFINITY).probability()).isZero();
    }

    @Test
    void rejectsWhatCannotBe() {
        rejects("token id", -1, 0, 0);
        rejects("logProbability", 1, 0.1, 0);
        rejects("logProbability", 1, Double.NaN, 0);
        rejects("removedMass", 1, 0, -0.1);
        rejects("removedMass", 1, 0, Double.NaN);
    }

    @Test
    void likelyTokensAreCheckedToo() {
        assertThatThrownBy(() -> new TokenLogProbability(-1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new TokenLogProbability(1, 0.1)).isInstanceOf(IllegalArgumentException.class);
        assertThat(GeneratedToken.of(1, 0).mostLikely()).isEmpty();
    }

    private static void rejects(String what, int id, double logProbability, double removed) {
        assertThatThrownBy(() -> new GeneratedToken(id, logProbability, removed, Optional.empty()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(what);
    }
}
