/**
 * Boxes and masks read from what the model wrote.
 *
 * <p>An answer to {@code detect cat ; dog} is text with codes, {@code <loc0051><loc0309><loc0708><loc0646> cat ; ...}.
 * {@link dev.paligemma.detection.DetectionParser} turns it into {@link dev.paligemma.detection.Detection}s: boxes in the
 * geometry of the original picture, with the probability that it is right. What is no box is listed as a
 * {@link dev.paligemma.detection.Fragment}, never thrown and never lost.
 *
 * <pre>{@code
 * ParsedAnswer result = DetectionParser.parse(answer, image.width(), image.height());
 * for (Detection cat : result.detections()) {
 *     System.out.println(cat.label() + " at " + cat.pixels());
 * }
 * }</pre>
 *
 * <p>All types are immutable and thread-safe, except the parser, which belongs to one thread.
 */
@NullMarked
package dev.paligemma.detection;

import org.jspecify.annotations.NullMarked;
