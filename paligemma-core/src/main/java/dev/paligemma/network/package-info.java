/** The network as it is defined: image encoder, projector and Gemma decoder, recorded as two graphs that engines run. */
@NullMarked
package dev.paligemma.network;

import org.jspecify.annotations.NullMarked;
