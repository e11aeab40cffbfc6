package dev.paligemma.engine.spi;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.Precision;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Which engine runs a model: the rule behind the name {@value #AUTO}. Stateless.
 *
 * <p>{@value #AUTO} takes {@code pytorch} for a GPU and for {@link Precision#BFLOAT16}, and {@code onnx} for everything
 * else. It looks at what is asked for and not at what is installed: where the engine it takes is missing, that is an error
 * and no reason for another one, whose results would differ.
 */
public final class EngineChoice {
    /** The name that leaves the choice to this class: {@value}. */
    public static final String AUTO = "auto";

    /** The system property with the name of the engine to use where the program names none: {@value}. */
    public static final String PROPERTY = "paligemma.engine";

    private static final String CPU_ENGINE = "onnx";
    private static final String GPU_ENGINE = "pytorch";

    private EngineChoice() {}

    /** The name of the engine that {@value #AUTO} takes for a device and a precision, be it on the class path or not. */
    public static String automatic(Device device, Precision precision) {
        boolean forPyTorch = switch (device.kind()) {
            case CUDA -> true;
            case CPU -> precision == Precision.BFLOAT16;
        };
        return forPyTorch ? GPU_ENGINE : CPU_ENGINE;
    }

    /**
     * Checks {@value #AUTO} or the name of an engine before it is needed, without loading native code.
     *
     * @throws EngineException if it is neither that nor on the class path; the message has the dependency to add
     */
    public static void check(String name) {
        check(name, Engines.providers());
    }

    static void check(String name, List<EngineProvider> providers) {
        if (!name.equals(AUTO)) {
            Engines.require(name, providers);
        }
    }

    /**
     * Chooses an engine, without loading native code.
     *
     * @param name {@value #AUTO}, the name of an engine, or null for what the system property {@value #PROPERTY} says;
     *     where that is not set, {@value #AUTO}
     * @param device where to compute
     * @param precision how weights are stored and computed with
     * @return the provider of the engine
     * @throws EngineException if the engine is not on the class path; the message has the dependency to add, and the name
     *     of the property if the name comes from there
     */
    public static EngineProvider choose(@Nullable String name, Device device, Precision precision) {
        return choose(name, device, precision, System.getProperty(PROPERTY), Engines.providers());
    }

    static EngineProvider choose(
            @Nullable String name,
            Device device,
            Precision precision,
            @Nullable String property,
            List<EngineProvider> providers) {
        Objects.requireNonNull(device, "device");
        Objects.requireNonNull(precision, "precision");
        if (name == null && property != null) {
            return explaining(
                    "the system property " + PROPERTY + " is '" + property + "'",
                    () -> named(property, device, precision, providers));
        }
        return named(name == null ? AUTO : name, device, precision, providers);
    }

    private static EngineProvider named(
            String name, Device device, Precision precision, List<EngineProvider> providers) {
        if (!name.equals(AUTO)) {
            return Engines.require(name, providers);
        }
        String taken = automatic(device, precision);
        return explaining(
                "'" + AUTO + "' takes engine '" + taken + "' for precision " + precision + " on device " + device,
                () -> Engines.require(taken, providers));
    }

    private static EngineProvider explaining(String why, Supplier<EngineProvider> search) {
        try {
            return search.get();
        } catch (EngineException e) {
            // No cause: with one it would count as a failure of the runtime.
            throw new EngineException(why + "; " + e.getMessage());
        }
    }
}
