/** Figures of written answers: boxes and masks. */
@NullMarked
package dev.paligemma.training.internal.figures;

import org.jspecify.annotations.NullMarked;
