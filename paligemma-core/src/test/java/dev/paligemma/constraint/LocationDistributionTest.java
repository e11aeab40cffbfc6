package dev.paligemma.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LocationDistributionTest {
    @Test
    void meanAndDeviationAreOfLocationsAlone() {
        LocationDistribution two = twoOf(100, 300, 0.25);

        assertThat(two.mean()).isCloseTo(200, within(1e-12));
        assertThat(two.deviation()).isCloseTo(100, within(1e-12));
        assertThat(two.mass()).isEqualTo(0.25);
        assertThat(two.probability(300)).isEqualTo(0.5);
        assertThat(two.probability(1023)).isZero();
        assertThatThrownBy(() -> two.probability(1024)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void equalFiguresAreEqual() {
        assertThat(twoOf(1, 2, 1)).isEqualTo(twoOf(1, 2, 1)).hasSameHashCodeAs(twoOf(1, 2, 1));
        assertThat(twoOf(1, 2, 1)).isNotEqualTo(twoOf(1, 3, 1)).isNotEqualTo(twoOf(1, 2, 0.5));
    }

    @Test
    void rejectsWhatIsNoDistribution() {
        rejects("1024 probabilities", new float[1023], 1);
        rejects("sum is 1", new float[1024], 1);
        float[] negative = new float[1024];
        negative[0] = 2;
        negative[1] = -1;
        rejects("none negative", negative, 1);
        negative[1] = Float.NaN;
        rejects("none negative", negative, 1);
        float[] one = new float[1024];
        one[5] = 1;
        rejects("mass", one, 1.1);
        rejects("mass", one, Double.NaN);
    }

    private static LocationDistribution twoOf(int first, int second, double mass) {
        float[] probabilities = new float[1024];
        probabilities[first] = 0.5F;
        probabilities[second] = 0.5F;
        return new LocationDistribution(probabilities, mass);
    }

    private static void rejects(String what, float[] probabilities, double mass) {
        assertThatThrownBy(() -> new LocationDistribution(probabilities, mass))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(what);
    }
}
