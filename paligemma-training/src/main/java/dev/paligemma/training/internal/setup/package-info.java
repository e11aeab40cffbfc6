/** From a recipe, a model and examples to what the loop runs. */
@NullMarked
package dev.paligemma.training.internal.setup;

import org.jspecify.annotations.NullMarked;
