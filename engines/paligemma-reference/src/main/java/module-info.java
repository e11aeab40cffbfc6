/** Runs the network in plain Java, operation by operation in float32: slow, short enough to be read, and without any native library. */
module dev.paligemma.reference {
    requires transitive dev.paligemma.engine;
    requires transitive org.jspecify;

    exports dev.paligemma.reference;

    provides dev.paligemma.engine.spi.EngineProvider with
            dev.paligemma.reference.ReferenceEngineProvider;
}
