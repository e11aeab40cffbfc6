package dev.paligemma.examples;

/** What is on the bundled picture; the drawing program knows it. */
final class BundledScene {
    /** The only right caption. */
    static final String CAPTION = "a red circle and a blue square";

    /** Something to detect. */
    static final String THING = "red circle";

    private BundledScene() {}
}
