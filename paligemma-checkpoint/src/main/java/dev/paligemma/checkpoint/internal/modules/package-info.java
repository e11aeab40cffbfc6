/** The modules of a model that an adapter can change, and such a change. */
@NullMarked
package dev.paligemma.checkpoint.internal.modules;

import org.jspecify.annotations.NullMarked;
