/** How models are opened, whatever they are for. No API. */
@NullMarked
package dev.paligemma.internal;

import org.jspecify.annotations.NullMarked;
