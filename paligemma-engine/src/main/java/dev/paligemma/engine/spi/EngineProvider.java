package dev.paligemma.engine.spi;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import java.util.List;
import java.util.Set;

/**
 * Makes engines of one kind; found by {@link java.util.ServiceLoader}. Thread-safe, and cheap until an engine is created.
 */
public interface EngineProvider {

    /** The name by which users choose this engine: a short lower-case name, for example {@code "onnx"}. */
    String name();

    /**
     * The precisions this engine computes in, wherever its runtime works; none if it does not know the kind of device.
     * Loads no native code.
     */
    Set<Precision> precisions(Device.Kind kind);

    /**
     * The devices with a memory of their own that this engine could use now, in the order of their indices; none unless the
     * engine says otherwise. Never fails: where drivers or libraries are missing there are none.
     */
    default List<DeviceMemory> deviceMemory() {
        return List.of();
    }

    /** Whether its engines also train. Loads no native code. */
    default boolean canTrain() {
        return false;
    }

    /**
     * Loads the native runtime, if that has not happened, and makes an engine.
     *
     * @throws EngineException if the runtime is not available here or does not support the options
     */
    Engine create(EngineOptions options);
}
