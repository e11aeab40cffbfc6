/** What is said of a checkpoint being converted: how far it is, and why it failed. */
@NullMarked
package dev.paligemma.checkpoint.convert;

import org.jspecify.annotations.NullMarked;
