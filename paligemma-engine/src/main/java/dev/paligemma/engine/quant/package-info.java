/** Weights in 8 and 4 bits: formats, conversion of a checkpoint, and the cache of converted checkpoints. */
@NullMarked
package dev.paligemma.engine.quant;

import org.jspecify.annotations.NullMarked;
