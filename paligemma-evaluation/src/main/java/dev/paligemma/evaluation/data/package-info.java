/** Answers and references from files. */
@NullMarked
package dev.paligemma.evaluation.data;

import org.jspecify.annotations.NullMarked;
