package dev.paligemma.reference;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.EngineProvider;
import java.util.EnumSet;
import java.util.Set;

/**
 * Offers the reference engine under the name {@value #NAME}.
 *
 * <p>It computes in float32 on one thread, whatever number it is given, and keeps weights in the Java heap: right for tiny
 * models and where no native library runs. 3 billion parameters need {@code -Xmx20g} and 15 minutes for a prompt.
 *
 * <p>It is no choice for training, and {@link #canTrain} says so: its engines train at most 20,000 numbers, by computing the
 * graph four times for each, which is a check of other engines and no more.
 */
public final class ReferenceEngineProvider implements EngineProvider {
    /** The name by which users choose this engine. */
    public static final String NAME = "reference";

    /** Called by {@link java.util.ServiceLoader}. */
    public ReferenceEngineProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Set<Precision> precisions(Device.Kind kind) {
        return switch (kind) {
            case CPU -> EnumSet.of(Precision.FLOAT32);
            case CUDA -> EnumSet.noneOf(Precision.class);
        };
    }

    @Override
    public Engine create(EngineOptions options) {
        if (!precisions(options.device().kind()).contains(options.precision())) {
            throw new EngineException("engine '" + NAME + "' computes in float32 on the CPU only, got precision "
                    + options.precision() + " on device " + options.device());
        }
        return new ReferenceEngine(options);
    }
}
