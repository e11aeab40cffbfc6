package dev.paligemma.onnx;

import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.EngineProvider;

/** Offers the ONNX Runtime engine under the name {@value #NAME}. */
public final class OnnxEngineProvider implements EngineProvider {
    /** The name by which users choose this engine. */
    public static final String NAME = "onnx";

    /** Called by {@link java.util.ServiceLoader}. */
    public OnnxEngineProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Engine create(EngineOptions options) {
        return OnnxEngine.create(options);
    }
}
