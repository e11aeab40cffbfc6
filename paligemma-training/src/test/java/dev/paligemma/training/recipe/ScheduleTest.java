package dev.paligemma.training.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Numbers are those of {@code src/reference/training/schedules.py}, which asks transformers. */
class ScheduleTest {
    @Test
    void constantRatesAreThoseOfTransformers() {
        assertRates(Schedule.constant().warmup(3), 0, 1 / 3.0, 2 / 3.0, 1, 1, 1, 1, 1, 1, 1);
    }

    @Test
    void linearRatesAreThoseOfTransformers() {
        assertRates(
                Schedule.linear().warmup(3),
                0,
                0.3333333333333333,
                0.6666666666666666,
                1,
                0.8571428571428571,
                0.7142857142857143,
                0.5714285714285714,
                0.42857142857142855,
                0.2857142857142857,
                0.14285714285714285);
        assertRates(Schedule.linear(), 1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1);
    }

    @Test
    void cosineRatesAreThoseOfTransformers() {
        assertRates(
                Schedule.cosine().warmup(3),
                0,
                0.3333333333333333,
                0.6666666666666666,
                1,
                0.9504844339512095,
                0.8117449009293668,
                0.6112604669781572,
                0.38873953302184283,
                0.18825509907063326,
                0.04951556604879048);
        assertRates(
                Schedule.cosine(),
                1,
                0.9755282581475768,
                0.9045084971874737,
                0.7938926261462366,
                0.6545084971874737,
                0.5,
                0.34549150281252633,
                0.2061073738537635,
                0.09549150281252633,
                0.024471741852423234);
    }

    private static void assertRates(Schedule schedule, double... expected) {
        double[] rates = IntStream.range(0, expected.length)
                .mapToDouble(k -> schedule.factor(k, expected.length))
                .toArray();
        assertThat(rates).containsExactly(expected, within(1e-15));
    }

    @Test
    void aShareIsRoundedUpToUpdates() {
        assertThat(Schedule.linear().warmupShare(0.05).warmupOf(101)).isEqualTo(6);
        assertThat(Schedule.linear().warmupShare(0.05).factor(3, 101)).isEqualTo(0.5);
    }

    @Test
    void aWarmupLongerThanTheRunOnlyRises() {
        assertThat(Schedule.cosine().warmup(100).factor(9, 10)).isEqualTo(0.09);
    }

    @Test
    void refusesWhatIsOutOfRange() {
        assertThatIllegalArgumentException().isThrownBy(() -> Schedule.cosine().warmup(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> Schedule.cosine().warmupShare(1.1));
        assertThatIllegalArgumentException().isThrownBy(() -> Schedule.cosine().warmupShare(Double.NaN));
    }
}
