/** A trained PaliGemma 2 of a few megabytes with its mask decoder and a picture, for tests and demonstrations. */
module dev.paligemma.tiny {
    requires transitive dev.paligemma.base;
    requires transitive org.jspecify;

    exports dev.paligemma.tiny;
}
