package dev.paligemma.vision.mask;

/** One step of a network; immutable, thread-safe. */
interface Layer {
    /** The result for the input, which is not written to; a new map. */
    FeatureMap apply(FeatureMap input);
}
