/** The compiled examples of the documentation, and the evaluation on held-out scenes. Nothing depends on them. */
@NullMarked
package dev.paligemma.examples;

import org.jspecify.annotations.NullMarked;
