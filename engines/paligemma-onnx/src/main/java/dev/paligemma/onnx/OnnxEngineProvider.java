package dev.paligemma.onnx;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.EngineProvider;
import java.util.EnumSet;
import java.util.Set;

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
    public Set<Precision> precisions(Device.Kind kind) {
        return switch (kind) {
            case CPU -> EnumSet.of(Precision.FLOAT32, Precision.INT8, Precision.INT4);
            case CUDA -> EnumSet.noneOf(Precision.class);
        };
    }

    @Override
    public Engine create(EngineOptions options) {
        return OnnxEngine.create(options);
    }
}
