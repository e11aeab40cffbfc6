/** Whole data sets asked of a model: questions from files, answers that are kept, scores with intervals, comparisons. */
@NullMarked
package dev.paligemma.evaluation.run;

import org.jspecify.annotations.NullMarked;
