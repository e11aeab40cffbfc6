package dev.paligemma.evaluation;

import dev.paligemma.evaluation.metric.Metric;

/**
 * How a task of the model cards is measured.
 *
 * @param task the name of the task, for example {@code textvqa}
 * @param metric the metric that the card reports
 * @param prompt the prompt with {@code {question}} or another field of the data set in braces
 * @param resolution what to know about the size of pictures
 * @param source where this comes from
 */
public record TaskMetric(String task, Metric metric, String prompt, String resolution, String source) {}
