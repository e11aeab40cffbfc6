/**
 * The tokens a model writes: what it thought of each, and which ones it may write next.
 *
 * <p>All types are immutable and thread-safe.
 */
@NullMarked
package dev.paligemma.token;

import org.jspecify.annotations.NullMarked;
