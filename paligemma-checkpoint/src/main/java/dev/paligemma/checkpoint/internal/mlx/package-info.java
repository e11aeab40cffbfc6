/** Weights in the order in which MLX, Apple's array library, wants them. */
@NullMarked
package dev.paligemma.checkpoint.internal.mlx;

import org.jspecify.annotations.NullMarked;
