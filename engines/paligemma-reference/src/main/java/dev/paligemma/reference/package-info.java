/**
 * An engine in plain Java that computes a graph operation by operation, as their equations say: slow, without any native
 * library, and short enough to be read in one sitting.
 */
@NullMarked
package dev.paligemma.reference;

import org.jspecify.annotations.NullMarked;
