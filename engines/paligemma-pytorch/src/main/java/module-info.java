/** Runs the network with PyTorch, through the engine of Deep Java Library, in float32 and bfloat16, on the CPU and on NVIDIA GPUs. */
module dev.paligemma.pytorch {
    requires ai.djl.pytorch_engine;
    requires java.management;
    requires org.slf4j;
    requires transitive ai.djl.api;
    requires transitive dev.paligemma.engine;
    requires transitive org.jspecify;

    exports dev.paligemma.pytorch;

    provides dev.paligemma.engine.spi.EngineProvider with
            dev.paligemma.pytorch.TorchEngineProvider;
}
