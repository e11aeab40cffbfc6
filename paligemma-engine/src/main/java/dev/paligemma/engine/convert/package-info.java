/**
 * Makes checkpoints of quantised weights and keeps them.
 *
 * <p>{@link dev.paligemma.engine.convert.ConversionPlan} derives from the recorded networks what becomes of each weight,
 * {@link dev.paligemma.engine.convert.CheckpointConverter} writes a folder, and
 * {@link dev.paligemma.engine.convert.ConvertedCheckpoints} is a cache of such folders.
 */
@NullMarked
package dev.paligemma.engine.convert;

import org.jspecify.annotations.NullMarked;
