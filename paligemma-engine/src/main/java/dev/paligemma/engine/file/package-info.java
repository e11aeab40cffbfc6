/** What all readers of files from outside need: ranges as streams, and texts made fit for messages. */
@NullMarked
package dev.paligemma.engine.file;

import org.jspecify.annotations.NullMarked;
