package dev.paligemma.catalog;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.machine.MainMemory;
import dev.paligemma.engine.spi.DeviceMemory;
import dev.paligemma.engine.spi.EngineChoice;
import dev.paligemma.engine.spi.EngineProvider;
import dev.paligemma.network.Networks;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Looks before a model is loaded whether there is memory for it. It only advises: an estimate is no reason to refuse, and
 * weights that are mapped from a file run, slowly, in less. Immutable.
 */
public final class MemoryCheck {
    /** Looks at this machine. */
    public static final MemoryCheck OF_THIS_MACHINE = new MemoryCheck(MemoryCheck::free);

    private final BiFunction<EngineProvider, Device, OptionalLong> freeBytes;

    /** @param freeBytes what is free on a device that an engine sees; empty if that is not known */
    MemoryCheck(BiFunction<EngineProvider, Device, OptionalLong> freeBytes) {
        this.freeBytes = freeBytes;
    }

    /**
     * What to warn of before loading, as a text for the log; empty if the model fits, or it is not known what is free.
     *
     * @param networks what was recorded from the checkpoint's sizes
     * @param provider the engine that will run it
     * @param engine the engine that was asked for; null if none was
     */
    public Optional<String> warning(
            Checkpoint checkpoint,
            Networks networks,
            EngineProvider provider,
            EngineOptions options,
            @Nullable String engine) {
        OptionalLong free = freeBytes.apply(provider, options.device());
        if (free.isEmpty()) {
            return Optional.empty();
        }
        PaliGemmaConfig config = checkpoint.config();
        return MemoryShortage.of(
                        precision -> MemoryEstimate.of(config, networks, precision),
                        options.precision(),
                        () -> possible(checkpoint, options.device(), engine),
                        free.getAsLong())
                .map(shortage -> checkpoint.folder() + " on " + options.device() + ": " + shortage.message()
                        + "; loading goes on, but may fail or be very slow");
    }

    /** The precisions that the checkpoint and the engines on the class path have in common. */
    private static List<Precision> possible(Checkpoint checkpoint, Device device, @Nullable String engine) {
        if (checkpoint.precision().isQuantised()) {
            return List.of(checkpoint.precision());
        }
        return Arrays.stream(Precision.values())
                .filter(precision -> isPossible(precision, device, engine))
                .toList();
    }

    private static boolean isPossible(Precision precision, Device device, @Nullable String engine) {
        try {
            return EngineChoice.choose(engine, device, precision)
                    .precisions(device.kind())
                    .contains(precision);
        } catch (EngineException e) {
            // The engine that would be taken for this precision is not on the class path.
            return false;
        }
    }

    private static OptionalLong free(EngineProvider provider, Device device) {
        return switch (device.kind()) {
            case CPU ->
                MainMemory.ofThisMachine().stream()
                        .mapToLong(MainMemory::freeBytes)
                        .findFirst();
            case CUDA ->
                provider.deviceMemory().stream()
                        .filter(memory -> memory.device().equals(device))
                        .mapToLong(DeviceMemory::freeBytes)
                        .findFirst();
        };
    }
}
