/** Metrics of short answers: VQA accuracy, exact match, ANLS and relaxed accuracy. */
@NullMarked
package dev.paligemma.evaluation.answer;

import org.jspecify.annotations.NullMarked;
