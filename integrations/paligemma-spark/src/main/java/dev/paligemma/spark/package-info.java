/**
 * Answers about the pictures of a DataFrame of Apache Spark.
 *
 * <p>{@link dev.paligemma.spark.PaliGemmaTransformer} adds a column of answers to a DataFrame, {@link
 * dev.paligemma.spark.PaliGemmaJob} is a program for {@code spark-submit}. Each executor loads a model once, by its name or
 * from a folder that every node has, and all its tasks share it.
 */
@NullMarked
package dev.paligemma.spark;

import org.jspecify.annotations.NullMarked;
