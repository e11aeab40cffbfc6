package dev.paligemma.onnx;

/** Which runs of a sequence a session serves. */
enum Phase {
    /** All of them: each cached attention decides while running. */
    EVERY_RUN,
    /** The first run, over all rows of the prefix. */
    PREFIX,
    /** The later runs, of one row each. */
    NEXT
}
