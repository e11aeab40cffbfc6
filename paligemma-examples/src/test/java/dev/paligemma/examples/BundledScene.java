package dev.paligemma.examples;

/** What is on the bundled picture; the drawing program knows it. */
final class BundledScene {
    /** The only right caption. */
    static final String CAPTION = "a yellow triangle and the word tea";

    /** Something to detect. */
    static final String THING = "yellow triangle";

    private BundledScene() {}
}
