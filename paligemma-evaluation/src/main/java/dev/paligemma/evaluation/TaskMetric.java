package dev.paligemma.evaluation;

import dev.paligemma.evaluation.metric.Metric;

/**
 * How big_vision measures a task of the model cards.
 *
 * @param task the name of the task, for example {@code textvqa}
 * @param metric what its evaluator reports; it treats texts as the evaluator does
 * @param prompt the prompt, with fields of the data set in braces, for example {@code answer en {question}}
 * @param textTreatment what happens to answers and references before they are compared, besides what the metric says
 * @param resolutions sides of pictures in pixels that models were trained for, with advice
 * @param source the files of big_vision that say so
 */
public record TaskMetric(
        String task, Metric metric, String prompt, String textTreatment, String resolutions, String source) {}
