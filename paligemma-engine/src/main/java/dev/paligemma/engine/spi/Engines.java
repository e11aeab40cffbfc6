package dev.paligemma.engine.spi;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** Finds the engines on the class path. */
public final class Engines {
    private Engines() {}

    /**
     * Makes the engine of a name, such as {@code "onnx"}.
     *
     * @throws EngineException if no engine of that name is on the class path, or it refuses the options
     */
    public static Engine create(String name, EngineOptions options) {
        return require(name).create(options);
    }

    /**
     * Finds the provider of a name, such as {@code "onnx"}, without loading any native code.
     *
     * @throws EngineException if no engine of that name is on the class path; the message has the dependency to add
     */
    public static EngineProvider require(String name) {
        return require(name, providers());
    }

    static EngineProvider require(String name, List<EngineProvider> providers) {
        return providers.stream()
                .filter(provider -> provider.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new EngineException("engine '" + name + "' is not on the class path, where there is "
                        + providers.stream().map(EngineProvider::name).toList() + "; " + Artifacts.advice(name)));
    }

    /** The engines on the class path: their names, in no particular order. */
    public static List<String> names() {
        return providers().stream().map(EngineProvider::name).toList();
    }

    static List<EngineProvider> providers() {
        List<EngineProvider> providers = new ArrayList<>();
        ServiceLoader.load(EngineProvider.class, Engines.class.getClassLoader()).forEach(providers::add);
        return providers;
    }
}
