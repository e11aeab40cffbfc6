/** The weights of a network as engines see them: where each lies in a file, in which numbers, and how it is read. */
@NullMarked
package dev.paligemma.engine.weights;

import org.jspecify.annotations.NullMarked;
