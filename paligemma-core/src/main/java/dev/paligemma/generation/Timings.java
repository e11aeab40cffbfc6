package dev.paligemma.generation;

/**
 * Where the time of one request went, in milliseconds of wall-clock time. Immutable.
 *
 * <p>Answers that are written side by side share their time: {@code decodeMs} then is all that passed from the end of the
 * prompt to the end of the answer, what was done for the others included.
 *
 * @param preprocessMs resizing and normalising the images, and tokenizing the prompt
 * @param visionMs the image encoder and the projector, over all images
 * @param prefillMs the decoder over the images and the prompt, up to the first new token
 * @param decodeMs the decoder over all further tokens
 */
public record Timings(double preprocessMs, double visionMs, double prefillMs, double decodeMs) {}
