/**
 * Meters of the requests of a pipeline, for every registry of Micrometer: {@link dev.paligemma.micrometer.PaliGemmaMetrics}.
 */
@NullMarked
package dev.paligemma.micrometer;

import org.jspecify.annotations.NullMarked;
