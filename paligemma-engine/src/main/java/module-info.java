/** The seam: recorded graphs, weights as engines see them, and the engine interface. */
module dev.paligemma.engine {
    requires java.management;
    requires jdk.management;
    requires transitive dev.paligemma.base;
    requires transitive org.jspecify;

    exports dev.paligemma.engine;
    exports dev.paligemma.engine.graph;
    exports dev.paligemma.engine.machine;
    exports dev.paligemma.engine.spi;
    exports dev.paligemma.engine.training;
    exports dev.paligemma.engine.weights;

    uses dev.paligemma.engine.spi.EngineProvider;
}
