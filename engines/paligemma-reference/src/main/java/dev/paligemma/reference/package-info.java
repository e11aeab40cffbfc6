/** An engine in plain Java: slow, without any native library, and short enough to be read in one sitting. */
@NullMarked
package dev.paligemma.reference;

import org.jspecify.annotations.NullMarked;
