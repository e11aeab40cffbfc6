package dev.paligemma.evaluation.run;

import dev.paligemma.evaluation.metric.Scores;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/**
 * Where a score lies in 95 of 100 data sets of this size, as far as this one tells: cases are drawn again and again from it,
 * with repetition, and the middle 95 % of the scores of the draws are taken. The same seed gives the same interval.
 *
 * @param low the lower end
 * @param high the upper end
 */
public record Interval(double low, double high) {
    /** How often cases are drawn. */
    public static final int DRAWS = 1000;

    private static final double SHARE = 0.95;

    /** The interval of a score. */
    public static Interval of(Scores scores, long seed) {
        return of(scores.cases(), seed, scores::scoreOf);
    }

    /** The interval of the second score minus the first, of the same cases in the same order. */
    static Interval ofDifference(Scores first, Scores second, long seed) {
        return of(first.cases(), seed, drawn -> second.scoreOf(drawn) - first.scoreOf(drawn));
    }

    private static Interval of(int cases, long seed, ToDoubleFunction<int[]> score) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] scores = new double[DRAWS];
        for (int d = 0; d < DRAWS; d++) {
            int[] drawn = new int[cases];
            for (int i = 0; i < cases; i++) {
                drawn[i] = random.nextInt(cases);
            }
            scores[d] = score.applyAsDouble(drawn);
        }
        Arrays.sort(scores);
        int outside = (int) Math.floor((1 - SHARE) / 2 * DRAWS);
        return new Interval(scores[outside], scores[DRAWS - 1 - outside]);
    }
}
