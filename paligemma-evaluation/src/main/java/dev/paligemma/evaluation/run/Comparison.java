package dev.paligemma.evaluation.run;

import dev.paligemma.evaluation.metric.EvaluationException;
import dev.paligemma.evaluation.metric.Scores;

/**
 * Two runs about the same questions, for example of two models or precisions.
 *
 * @param first the run compared with
 * @param second the other run
 * @param difference the score of the second minus that of the first
 * @param interval of the difference: if 0 is outside of it, chance hardly explains the difference
 * @param better how many cases the second run scores higher
 * @param worse how many cases the second run scores lower
 */
public record Comparison(
        EvaluationRun first, EvaluationRun second, double difference, Interval interval, int better, int worse) {
    /**
     * Compares two runs case by case.
     *
     * @throws EvaluationException if they are not about the same questions, or have other metrics
     */
    public static Comparison of(EvaluationRun first, EvaluationRun second, long seed) {
        Scores one = first.scores();
        Scores other = second.scores();
        if (!one.metric().equals(other.metric()) || !one.ids().equals(other.ids())) {
            throw new EvaluationException("two runs can be compared only with one metric about the same cases, got "
                    + one.metric() + " of " + one.cases() + " cases and " + other.metric() + " of " + other.cases());
        }
        int better = 0;
        int worse = 0;
        for (int i = 0; i < one.cases(); i++) {
            better += other.scoreOf(i) > one.scoreOf(i) ? 1 : 0;
            worse += other.scoreOf(i) < one.scoreOf(i) ? 1 : 0;
        }
        return new Comparison(
                first, second, other.score() - one.score(), Interval.ofDifference(one, other, seed), better, worse);
    }
}
