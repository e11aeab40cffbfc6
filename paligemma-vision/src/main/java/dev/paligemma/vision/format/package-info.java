/**
 * Decoders of image files, with the options and errors of reading one.
 *
 * <p>Files are not trusted: their structure is checked, and their dimensions are compared with a limit, before memory
 * for pixels is allocated.
 */
@NullMarked
package dev.paligemma.vision.format;

import org.jspecify.annotations.NullMarked;
