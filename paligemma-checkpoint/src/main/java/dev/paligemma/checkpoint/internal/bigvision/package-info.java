/** Reads the NumPy archives in which big_vision keeps its checkpoints. */
@NullMarked
package dev.paligemma.checkpoint.internal.bigvision;

import org.jspecify.annotations.NullMarked;
