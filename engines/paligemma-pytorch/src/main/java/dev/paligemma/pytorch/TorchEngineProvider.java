package dev.paligemma.pytorch;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.spi.DeviceMemory;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.EngineProvider;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Offers the PyTorch engine under the name {@value #NAME}.
 *
 * <p>Creating the first engine unpacks the native libraries into {@code ~/.djl.ai}, some 430 MB; the environment variable
 * {@code DJL_CACHE_DIR} chooses another folder. Deep Java Library would ask the network for telemetry and for missing
 * libraries while it starts; it is told not to, by the system properties {@code ai.djl.offline} and
 * {@code OPT_OUT_TRACKING}, unless the application has set them or the environment variables of that name.
 */
public final class TorchEngineProvider implements EngineProvider {
    /** The name by which users choose this engine. */
    public static final String NAME = "pytorch";

    /** Called by {@link java.util.ServiceLoader}. */
    public TorchEngineProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Set<Precision> precisions(Device.Kind kind) {
        return switch (kind) {
            case CPU, CUDA -> EnumSet.of(Precision.FLOAT32, Precision.BFLOAT16);
        };
    }

    @Override
    public List<DeviceMemory> deviceMemory() {
        return Gpus.find();
    }

    @Override
    public boolean canTrain() {
        return true;
    }

    @Override
    public Engine create(EngineOptions options) {
        try {
            return TorchEngine.create(options);
        } catch (NoClassDefFoundError e) {
            throw new EngineException(
                    "engine 'pytorch' needs ai.djl:api and ai.djl.pytorch:pytorch-engine on the class path: "
                            + e.getMessage(),
                    e);
        }
    }
}
