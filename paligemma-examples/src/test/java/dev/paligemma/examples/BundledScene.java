package dev.paligemma.examples;

/** What is on the bundled picture; the drawing program knows it. */
final class BundledScene {
    /** The only right caption. */
    static final String CAPTION = "a blue square and the word cafe";

    /** Something to detect. */
    static final String THING = "blue square";

    /** The only right answer to what is written. */
    static final String WORD = "cafe";

    private BundledScene() {}
}
