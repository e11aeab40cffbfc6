/** The loop: updates, evaluations and checkpoints in their order. */
@NullMarked
package dev.paligemma.training.internal.run;

import org.jspecify.annotations.NullMarked;
