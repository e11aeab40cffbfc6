/** What {@code config.json} says about a model, and the exception of everything that reads checkpoints. */
@NullMarked
package dev.paligemma.checkpoint.config;

import org.jspecify.annotations.NullMarked;
