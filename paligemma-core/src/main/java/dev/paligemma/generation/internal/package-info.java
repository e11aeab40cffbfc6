/**
 * How answers are written: the one loop, {@link dev.paligemma.generation.internal.Decoding}, and what is special about each
 * kind of request. For this library alone; anything here may change.
 */
@NullMarked
package dev.paligemma.generation.internal;

import org.jspecify.annotations.NullMarked;
