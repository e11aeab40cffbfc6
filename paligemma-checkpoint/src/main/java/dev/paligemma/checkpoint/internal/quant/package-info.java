/** Matrices of 8 and 4 bits: the stored formats, and how numbers become codes and scales. */
@NullMarked
package dev.paligemma.checkpoint.internal.quant;

import org.jspecify.annotations.NullMarked;
