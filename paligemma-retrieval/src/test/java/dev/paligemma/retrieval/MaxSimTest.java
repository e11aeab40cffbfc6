package dev.paligemma.retrieval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MaxSimTest {
    @Test
    void sumsTheBestProductOfEachRowOfTheQuery() {
        Rows query = Rows.of(new float[] {1, 0, 0, 2}, 2);
        Rows page = Rows.of(new float[] {-1, 5, 3, -4, 0.5f, 0.25f}, 2);
        assertThat(MaxSim.score(query, page)).isEqualTo(3 + 10);
        assertThat(MaxSim.score(query, Rows.of(new float[] {-1, -1}, 2))).isEqualTo(-3);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 7, 32, 127, 128})
    void isTheSameForEveryWidth(int width) {
        Random random = new Random(width);
        float[] query = new float[width * 3];
        float[] page = new float[width * 4];
        for (int i = 0; i < page.length; i++) {
            page[i] = random.nextInt(9) - 4;
            query[i % query.length] = random.nextInt(9) - 4;
        }
        double expected = 0;
        for (int q = 0; q < 3; q++) {
            double best = Double.NEGATIVE_INFINITY;
            for (int p = 0; p < 4; p++) {
                double sum = 0;
                for (int i = 0; i < width; i++) {
                    sum += query[q * width + i] * page[p * width + i];
                }
                best = Math.max(best, sum);
            }
            expected += best;
        }
        assertThat(MaxSim.score(Rows.of(query, width), Rows.of(page, width))).isEqualTo(expected);
    }

    @Test
    void ordersPagesAndKeepsTheOrderOfEqualOnes() {
        Rows query = Rows.of(new float[] {1}, 1);
        List<Rows> pages = List.of(
                Rows.of(new float[] {1}, 1),
                Rows.of(new float[] {3}, 1),
                Rows.of(new float[] {1, -7}, 1),
                Rows.of(new float[] {2}, 1));
        assertThat(MaxSim.best(query, pages, 3))
                .containsExactly(new MaxSim.Hit(1, 3), new MaxSim.Hit(3, 2), new MaxSim.Hit(0, 1));
        assertThat(MaxSim.best(query, pages, 99)).hasSize(4);
        assertThat(MaxSim.best(query, List.of(), 1)).isEmpty();
        assertThatIllegalArgumentException().isThrownBy(() -> MaxSim.best(query, pages, 0));
    }

    @Test
    void refusesRowsOfAnotherModelAndDamagedOnes() {
        Rows two = Rows.of(new float[] {1, 2}, 2);
        Rows one = Rows.of(new float[] {1, 2}, 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MaxSim.score(two, one))
                .withMessageContaining("rows of one model");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BinaryRows.score(BinaryRows.of(two), BinaryRows.of(one)))
                .withMessageContaining("rows of one model");
        assertThatIllegalArgumentException().isThrownBy(() -> Rows.of(new float[0], 2));
        assertThatIllegalArgumentException().isThrownBy(() -> Rows.of(new float[3], 2));
        assertThatIllegalArgumentException().isThrownBy(() -> Rows.of(new float[3], 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Rows.of(new float[] {1, 2, 3, Float.NaN}, 2))
                .withMessageContaining("number 1 of row 1 is NaN");
        assertThatIllegalArgumentException().isThrownBy(() -> BinaryRows.of(new long[3], 128));
    }

    @Test
    void countsBitsAsProductsOfSigns() {
        Random random = new Random(1);
        for (int width : new int[] {1, 31, 64, 65, 128}) {
            float[] a = signs(random, 5 * width);
            float[] b = signs(random, 7 * width);
            BinaryRows query = BinaryRows.of(Rows.of(a, width));
            BinaryRows page = BinaryRows.of(Rows.of(b, width));
            assertThat(BinaryRows.score(query, page) * width)
                    .isCloseTo(
                            MaxSim.score(Rows.of(a, width), Rows.of(b, width)),
                            org.assertj.core.data.Offset.offset(1e-6 * width));
            assertThat(BinaryRows.of(page.toArray(), width)).isEqualTo(page);
            assertThat(page.at(6, width - 1)).isEqualTo(b[b.length - 1] > 0);
        }
    }

    private static float[] signs(Random random, int count) {
        float[] signs = new float[count];
        for (int i = 0; i < count; i++) {
            signs[i] = random.nextBoolean() ? 1 : -1;
        }
        return signs;
    }

    @Test
    void poolsWhatIsAlike() {
        Rows rows = Rows.of(new float[] {1, 0, 0, 1, 0.8f, 0.6f, -0.1f, 1, 1, 0.01f, 0, -1}, 2);
        Rows pooled = RowPooling.pool(rows, 2);
        assertThat(pooled.count()).isEqualTo(3);
        assertThat(pooled.row(0)[0]).isGreaterThan(0.9f);
        assertThat(pooled.row(1)[1]).isGreaterThan(0.9f);
        assertThat(pooled.row(2)).containsExactly(0, -1);
        for (int row = 0; row < 3; row++) {
            float[] each = pooled.row(row);
            assertThat(Math.hypot(each[0], each[1])).isCloseTo(1, org.assertj.core.data.Offset.offset(1e-6));
        }
        assertThat(RowPooling.pool(rows, 1)).isSameAs(rows);
        assertThat(RowPooling.pool(rows, 99).count()).isEqualTo(1);
        assertThatIllegalArgumentException().isThrownBy(() -> RowPooling.pool(rows, 0));
    }
}
