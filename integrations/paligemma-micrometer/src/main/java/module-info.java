/** Meters of the requests of a pipeline, for every registry of Micrometer. */
module dev.paligemma.micrometer {
    requires transitive dev.paligemma;
    requires transitive micrometer.core;
    requires transitive org.jspecify;

    exports dev.paligemma.micrometer;
}
