/** Scores of answers against references: every metric by its name, and by the tasks of the model cards. */
@NullMarked
package dev.paligemma.evaluation;

import org.jspecify.annotations.NullMarked;
