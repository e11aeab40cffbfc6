/** Random numbers that are a function of where they are used. */
@NullMarked
package dev.paligemma.training.internal.random;

import org.jspecify.annotations.NullMarked;
