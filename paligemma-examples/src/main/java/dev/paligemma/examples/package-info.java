/**
 * The command line of PaliGemma for Java, the bundled tiny model and compiled examples.
 *
 * <p>This is an application, not a library: nothing else depends on it, and its classes may change at any time.
 */
@NullMarked
package dev.paligemma.examples;

import org.jspecify.annotations.NullMarked;
