/**
 * Makes checkpoints of quantised weights and keeps them: {@link dev.paligemma.checkpoint.internal.convert.ConversionPlan} derives
 * from the recorded networks what becomes of each weight, {@link dev.paligemma.checkpoint.internal.convert.CheckpointConverter}
 * writes a folder, and {@link dev.paligemma.checkpoint.internal.convert.ConvertedCheckpoints} is a cache of such folders.
 */
@NullMarked
package dev.paligemma.checkpoint.internal.convert;

import org.jspecify.annotations.NullMarked;
