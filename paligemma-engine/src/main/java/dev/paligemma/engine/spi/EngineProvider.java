package dev.paligemma.engine.spi;

import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;

/**
 * Makes engines of one kind; found by {@link java.util.ServiceLoader}. Thread-safe, and cheap until an engine is created.
 */
public interface EngineProvider {

    /**
     * The name by which users choose this engine.
     *
     * @return a short lower-case name, for example {@code "onnx"}
     */
    String name();

    /**
     * Loads the native runtime, if that has not happened, and makes an engine.
     *
     * @param options device, precision and threads
     * @return the engine
     * @throws EngineException if the runtime is not available here or does not support the options
     */
    Engine create(EngineOptions options);
}
