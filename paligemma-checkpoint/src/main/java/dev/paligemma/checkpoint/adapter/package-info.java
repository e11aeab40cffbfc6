/**
 * Reads the adapters of the PEFT library, LoRA and its relatives, and merges them into checkpoints.
 *
 * <p>{@link dev.paligemma.checkpoint.adapter.LoraAdapter} is the entry point. Files are treated as hostile: sizes are compared
 * with those of the base model before anything is read, and every problem with an adapter surfaces as an
 * {@link dev.paligemma.checkpoint.adapter.AdapterException}.
 */
@NullMarked
package dev.paligemma.checkpoint.adapter;

import org.jspecify.annotations.NullMarked;
