/** How a model is fine-tuned: what is trained, by which rule, for how long, and how numbers are kept meanwhile. */
@NullMarked
package dev.paligemma.training.recipe;

import org.jspecify.annotations.NullMarked;
