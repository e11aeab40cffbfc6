/** What all readers of files from outside need: ranges as streams, and texts made fit for messages. */
@NullMarked
package dev.paligemma.base.internal;

import org.jspecify.annotations.NullMarked;
