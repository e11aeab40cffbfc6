package dev.paligemma.retrieval;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The score of late interaction: for each row of a query its largest product with a row of the page, and the sum of these. A
 * larger score is a better page; scores of two queries say nothing about each other, because the longer one has the larger
 * sum. Stateless and thread-safe.
 *
 * <p>It is that of {@code score_multi_vector} in colpali_engine and {@code score_retrieval} in transformers, computed in
 * float32. Those fill shorter pages of a batch up with zeros, which then take part; here nothing is filled up.
 */
public final class MaxSim {
    private MaxSim() {}

    /**
     * The score of one page.
     *
     * @throws IllegalArgumentException if the two have rows of different widths, so of different models
     */
    public static double score(Rows query, Rows page) {
        int width = requireSameWidth(query, page);
        float[] asked = query.values();
        float[] shown = page.values();
        double sum = 0;
        for (int from = 0; from < asked.length; from += width) {
            float best = Float.NEGATIVE_INFINITY;
            for (int at = 0; at < shown.length; at += width) {
                best = Math.max(best, product(asked, from, shown, at, width));
            }
            sum += best;
        }
        return sum;
    }

    /** The scores of pages, in their order, on all cores. */
    public static double[] scores(Rows query, List<Rows> pages) {
        return pages.stream().parallel().mapToDouble(page -> score(query, page)).toArray();
    }

    /**
     * The best pages, the best one first; of equal scores the earlier page.
     *
     * @param limit how many at most, at least 1
     */
    public static List<Hit> best(Rows query, List<Rows> pages, int limit) {
        return best(scores(query, pages), limit);
    }

    /** The same of scores that are there already. */
    public static List<Hit> best(double[] scores, int limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("limit must be at least 1, got " + limit);
        }
        return IntStream.range(0, scores.length)
                .mapToObj(page -> new Hit(page, scores[page]))
                .sorted(Comparator.comparingDouble(Hit::score).reversed())
                .limit(limit)
                .toList();
    }

    /**
     * A page that was found. Immutable.
     *
     * @param page its index among those that were searched
     * @param score its score
     */
    public record Hit(int page, double score) {}

    static int requireSameWidth(Rows query, Rows page) {
        if (query.width() != page.width()) {
            throw new IllegalArgumentException("the rows of a query have " + query.width()
                    + " numbers and those of a page " + page.width() + "; expected rows of one model");
        }
        return query.width();
    }

    /** Four sums at once, which a processor adds side by side. */
    private static float product(float[] a, int atA, float[] b, int atB, int width) {
        float first = 0;
        float second = 0;
        float third = 0;
        float fourth = 0;
        int i = 0;
        for (; i + 3 < width; i += 4) {
            first += a[atA + i] * b[atB + i];
            second += a[atA + i + 1] * b[atB + i + 1];
            third += a[atA + i + 2] * b[atB + i + 2];
            fourth += a[atA + i + 3] * b[atB + i + 3];
        }
        for (; i < width; i++) {
            first += a[atA + i] * b[atB + i];
        }
        return first + second + third + fourth;
    }
}
