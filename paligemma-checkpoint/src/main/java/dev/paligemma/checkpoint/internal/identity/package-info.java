/** What a path of a stranger holds, told from names and first bytes: for errors and for whoever asks before loading. */
@NullMarked
package dev.paligemma.checkpoint.internal.identity;

import org.jspecify.annotations.NullMarked;
