/** Finds pages by what they show. */
module dev.paligemma.retrieval {
    requires transitive dev.paligemma;
    requires transitive dev.paligemma.base;
    requires transitive org.jspecify;

    exports dev.paligemma.retrieval;
}
