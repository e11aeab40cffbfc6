package dev.paligemma.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecoderOptionsTest {
    private static final DecoderOptions DEFAULTS = DecoderOptions.defaults();

    @Test
    void namesThreeStatesOfTheFinalSoftcap() {
        assertThat(DEFAULTS.finalSoftcap()).isEmpty();
        assertThat(DEFAULTS.withoutFinalSoftcap().finalSoftcap()).hasValue(0);
        assertThat(DEFAULTS.withFinalSoftcap(20).finalSoftcap()).hasValue(20);
        assertThat(DEFAULTS.withoutSlidingWindow().withoutFinalSoftcap())
                .isEqualTo(new DecoderOptions(OptionalDouble.of(0), false));
    }

    @Test
    void readsThemFromText() {
        assertThat(DEFAULTS.withoutFinalSoftcap().withFinalSoftcap("config")).isEqualTo(DEFAULTS);
        assertThat(DEFAULTS.withFinalSoftcap("off")).isEqualTo(DEFAULTS.withoutFinalSoftcap());
        assertThat(DEFAULTS.withFinalSoftcap("12.5")).isEqualTo(DEFAULTS.withFinalSoftcap(12.5));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "on", "OFF", "0", "-30", "NaN", "Infinity", "1e-300"})
    void refusesWhatIsNone(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.withFinalSoftcap(text))
                .withMessageContaining("finalSoftcap must be");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY, 1e-300})
    void refusesNumbersThatAreNoBound(double cap) {
        assertThatIllegalArgumentException().isThrownBy(() -> DEFAULTS.withFinalSoftcap(cap));
    }
}
