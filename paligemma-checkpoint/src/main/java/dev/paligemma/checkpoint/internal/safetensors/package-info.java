/** Reads safetensors files, and the tensors that the weights of a model come from. */
@NullMarked
package dev.paligemma.checkpoint.internal.safetensors;

import org.jspecify.annotations.NullMarked;
