package dev.paligemma.retrieval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What signs and pooling lose, on 200 synthetic pages and 50 queries that are some rows of 50 of them with noise: how often the
 * page comes first, and how often it is among the first ten. {@code docs/retrieval.md} has the numbers.
 */
class SmallRowsTest {
    private static final int PAGES = 200;
    private static final int QUERIES = 50;

    private static List<Rows> pages;

    @BeforeAll
    static void encode() {
        try (PageEncoder encoder = PageEncoder.load(RowsGolden.folder("hf-pg1"))) {
            pages = encoder.pages(Pages.pages(PAGES));
        }
    }

    @Test
    void allNumbersFindThePage() {
        assertFound(query -> MaxSim.scores(query, pages), 49, 50);
    }

    @Test
    void bitsFindThePage() {
        List<BinaryRows> bits = pages.stream().map(BinaryRows::of).toList();
        assertFound(
                query -> {
                    BinaryRows asked = BinaryRows.of(query);
                    return bits.stream()
                            .mapToDouble(page -> BinaryRows.score(asked, page))
                            .toArray();
                },
                41,
                47);
    }

    @ParameterizedTest
    @CsvSource({"2, 42, 48", "3, 32, 44"})
    void pooledRowsFindThePage(int factor, int first, int amongTen) {
        List<Rows> fewer =
                pages.stream().map(page -> RowPooling.pool(page, factor)).toList();
        assertFound(query -> MaxSim.scores(query, fewer), first, amongTen);
    }

    private static void assertFound(Function<Rows, double[]> scores, int leastFirst, int leastAmongTen) {
        int first = 0;
        int amongTen = 0;
        for (int i = 0; i < QUERIES; i++) {
            int page = i * PAGES / QUERIES;
            List<Integer> found = MaxSim.best(scores.apply(part(pages.get(page), i)), 10).stream()
                    .map(MaxSim.Hit::page)
                    .toList();
            first += found.get(0) == page ? 1 : 0;
            amongTen += found.contains(page) ? 1 : 0;
        }
        assertThat(first).isGreaterThanOrEqualTo(leastFirst);
        assertThat(amongTen).isGreaterThanOrEqualTo(leastAmongTen);
    }

    /** Eight rows of a page, not exactly. */
    private static Rows part(Rows page, int seed) {
        Random random = new Random(seed);
        float[] values = new float[8 * page.width()];
        for (int row = 0; row < 8; row++) {
            int from = random.nextInt(page.count());
            for (int i = 0; i < page.width(); i++) {
                values[row * page.width() + i] = page.at(from, i) + 0.05f * (float) random.nextGaussian();
            }
        }
        return Vectors.normalised(values, page.width());
    }
}
