package dev.paligemma.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.paligemma.detection.AnnotationOptions.ColourBy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnnotationOptionsTest {
    private static final AnnotationOptions DEFAULTS = AnnotationOptions.defaults();

    @Test
    void changesOneThingAtATime() {
        assertThat(DEFAULTS).isEqualTo(new AnnotationOptions(ColourBy.AUTO, true, true, 0.5, 0, 0));
        assertThat(DEFAULTS.withColourBy(ColourBy.LABEL)
                        .withLabels(false)
                        .withConfidence(false)
                        .withMaskOpacity(0.25)
                        .withLineWidth(3)
                        .withTextSize(20))
                .isEqualTo(new AnnotationOptions(ColourBy.LABEL, false, false, 0.25, 3, 20));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.01, 1.01, Double.NaN, Double.POSITIVE_INFINITY})
    void refusesAnOpacityThatIsNoShare(double opacity) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.withMaskOpacity(opacity))
                .withMessageContaining("maskOpacity");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1001, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void refusesSizesOutOfRange(int size) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.withLineWidth(size))
                .withMessage("lineWidth must be 0 to 60, not " + size);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.withTextSize(size))
                .withMessage("textSize must be 0 to 1000, not " + size);
    }

    @Test
    @SuppressWarnings("NullAway")
    void refusesNoSharing() {
        assertThatNullPointerException()
                .isThrownBy(() -> DEFAULTS.withColourBy(null))
                .withMessage("colourBy");
    }
}
