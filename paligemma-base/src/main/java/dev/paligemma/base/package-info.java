/** The ground floor: the one root of all exceptions of this library. */
@NullMarked
package dev.paligemma.base;

import org.jspecify.annotations.NullMarked;
