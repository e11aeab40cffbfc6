package dev.paligemma.examples;

/** What is on the bundled picture; the drawing program knows it. */
final class BundledScene {
    /** The only right caption. */
    static final String CAPTION = "a black triangle and the word hotel";

    /** Something to detect. */
    static final String THING = "black triangle";

    private BundledScene() {}
}
