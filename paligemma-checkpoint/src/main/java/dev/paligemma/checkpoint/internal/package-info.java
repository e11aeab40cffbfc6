/** Bounds of what a model may ask for, and the names of its tensors. */
@NullMarked
package dev.paligemma.checkpoint.internal;

import org.jspecify.annotations.NullMarked;
