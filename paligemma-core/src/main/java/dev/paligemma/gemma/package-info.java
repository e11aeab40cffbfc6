/**
 * The language side of the network: the projector that brings image patches to the decoder's width, and the Gemma
 * decoder.
 */
@NullMarked
package dev.paligemma.gemma;

import org.jspecify.annotations.NullMarked;
