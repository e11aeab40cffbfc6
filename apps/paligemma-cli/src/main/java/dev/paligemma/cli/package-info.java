/** The command {@code paligemma}: its start, its arguments, and what becomes of its failures. */
@NullMarked
package dev.paligemma.cli;

import org.jspecify.annotations.NullMarked;
