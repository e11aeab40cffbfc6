/**
 * Makes checkpoints of quantised weights and keeps them.
 *
 * <p>{@link dev.paligemma.checkpoint.convert.ConversionPlan} derives from the recorded networks what becomes of each weight,
 * {@link dev.paligemma.checkpoint.convert.CheckpointConverter} writes a folder, and
 * {@link dev.paligemma.checkpoint.convert.ConvertedCheckpoints} is a cache of such folders.
 */
@NullMarked
package dev.paligemma.checkpoint.convert;

import org.jspecify.annotations.NullMarked;
