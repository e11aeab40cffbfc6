/** How a checkpoint wants its answers written. */
@NullMarked
package dev.paligemma.checkpoint.internal.generation;

import org.jspecify.annotations.NullMarked;
