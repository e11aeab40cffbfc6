/**
 * What {@code /metrics} tells. A package of its own because it follows the pipeline and knows nothing of HTTP; written by hand, so that the
 * server needs no metrics library.
 */
@NullMarked
package dev.paligemma.server.internal.metrics;

import org.jspecify.annotations.NullMarked;
