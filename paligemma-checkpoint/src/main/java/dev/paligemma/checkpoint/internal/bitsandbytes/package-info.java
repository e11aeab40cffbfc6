/** Turns the codes of bitsandbytes, of 8 and of 4 bits, back into weights. */
@NullMarked
package dev.paligemma.checkpoint.internal.bitsandbytes;

import org.jspecify.annotations.NullMarked;
