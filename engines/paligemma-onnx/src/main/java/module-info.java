/** Runs the network with ONNX Runtime on the CPU. */
module dev.paligemma.onnx {
    requires com.microsoft.onnxruntime;
    requires org.slf4j;
    requires transitive dev.paligemma.base;
    requires transitive dev.paligemma.engine;
    requires transitive org.jspecify;

    exports dev.paligemma.onnx;

    provides dev.paligemma.engine.spi.EngineProvider with
            dev.paligemma.onnx.OnnxEngineProvider;
}
