/** The network description, checkpoints, and the interface that engines implement. */
@NullMarked
package dev.paligemma.engine;

import org.jspecify.annotations.NullMarked;
