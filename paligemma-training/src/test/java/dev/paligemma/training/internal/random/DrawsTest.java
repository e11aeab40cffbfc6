package dev.paligemma.training.internal.random;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DrawsTest {
    @Test
    void equalPlacesGiveEqualNumbersAndOthersDoNot() {
        assertThat(Draws.of(7, 1, 2).nextLong()).isEqualTo(Draws.of(7, 1, 2).nextLong());
        Set<Long> seen = new HashSet<>();
        for (long seed = 0; seed < 10; seed++) {
            for (long a = 0; a < 10; a++) {
                for (long b = 0; b < 10; b++) {
                    seen.add(Draws.of(seed, a, b).nextLong());
                }
            }
        }
        assertThat(seen).hasSize(1000);
    }

    @Test
    void numbersAreInRangeAndEvenlySpread() {
        Draws draws = Draws.of(3);
        int[] counts = new int[7];
        double sum = 0;
        for (int i = 0; i < 70_000; i++) {
            counts[draws.nextInt(7)]++;
            double number = draws.nextDouble();
            assertThat(number).isGreaterThanOrEqualTo(0).isLessThan(1);
            sum += number;
        }
        for (int count : counts) {
            assertThat(count).isBetween(9_500, 10_500);
        }
        assertThat(sum / 70_000).isBetween(0.49, 0.51);
        assertThat(draws.nextInt(1)).isZero();
        assertThat(draws.between(2, 2)).isEqualTo(2);
    }
}
