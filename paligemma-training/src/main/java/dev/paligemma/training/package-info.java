/** Fine-tuning: recipes, runs and their results. */
@NullMarked
package dev.paligemma.training;

import org.jspecify.annotations.NullMarked;
