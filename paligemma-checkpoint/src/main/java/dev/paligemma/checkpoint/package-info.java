/**
 * Reads PaliGemma checkpoint folders as published on the Hugging Face hub: {@code config.json} and safetensors files;
 * and the NumPy archives of big_vision.
 *
 * <p>{@link dev.paligemma.checkpoint.Checkpoint} is the entry point. Files are treated as hostile: sizes are
 * capped, offsets checked, and every problem surfaces as a
 * {@link dev.paligemma.checkpoint.config.CheckpointException}.
 */
@NullMarked
package dev.paligemma.checkpoint;

import org.jspecify.annotations.NullMarked;
