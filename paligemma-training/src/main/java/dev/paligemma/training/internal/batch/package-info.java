/** From examples to what a training program takes: tokens, batches and the order in which they come. */
@NullMarked
package dev.paligemma.training.internal.batch;

import org.jspecify.annotations.NullMarked;
