package dev.paligemma.cli.report;

import dev.paligemma.catalog.MemoryEstimate;
import dev.paligemma.catalog.MemoryShortage;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.machine.MainMemory;
import dev.paligemma.engine.spi.DeviceMemory;
import dev.paligemma.engine.spi.EngineChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What memory a checkpoint needs on each device in each precision, beside what is free there. Immutable.
 *
 * @param fits each precision on each device
 * @param warning what is wrong with the precision and the device that are taken where nothing is chosen; null if nothing is
 */
record MemoryFacts(List<Fit> fits, @Nullable String warning) {
    private static final String COLUMNS = "%-10s%-8s%-10s%10s%12s  %s";

    /** Compares needs and machine; a model whose weights are stored converted runs in no other precision. */
    static MemoryFacts of(PaliGemmaConfig config, Precision stored, MachineFacts machine) {
        List<Fit> fits = new ArrayList<>();
        for (Precision precision : Precision.values()) {
            if (stored != Precision.FLOAT32 && precision != stored) {
                continue;
            }
            MemoryEstimate needed = MemoryEstimate.of(config, precision);
            fits.add(onProcessor(needed, machine));
            for (EngineFacts engine : machine.engines()) {
                for (DeviceMemory gpu : engine.gpus()) {
                    if (engine.precisions()
                            .getOrDefault(gpu.device().kind(), Set.of())
                            .contains(precision)) {
                        fits.add(new Fit(needed, gpu.device(), engine.name(), true, gpu.freeBytes(), null));
                    }
                }
            }
        }
        return new MemoryFacts(fits, warning(fits, config, stored));
    }

    private static @Nullable String warning(List<Fit> fits, PaliGemmaConfig config, Precision stored) {
        List<Fit> onProcessor =
                fits.stream().filter(fit -> fit.device.equals(Device.CPU)).toList();
        Fit taken = onProcessor.stream()
                .filter(fit -> fit.needed.precision() == stored)
                .findFirst()
                .orElseThrow();
        Long free = taken.freeBytes;
        String shortage = free == null
                ? null
                : MemoryShortage.of(
                                config,
                                stored,
                                onProcessor.stream()
                                        .filter(Fit::hasEngine)
                                        .map(fit -> fit.needed.precision())
                                        .toList(),
                                free)
                        .map(MemoryShortage::message)
                        .orElse(null);
        return shortage == null ? taken.obstacle : shortage;
    }

    private static Fit onProcessor(MemoryEstimate needed, MachineFacts machine) {
        String engine = EngineChoice.automatic(Device.CPU, needed.precision());
        boolean isThere = machine.engines().stream()
                .anyMatch(each -> each.name().equals(engine)
                        && each.precisions()
                                .getOrDefault(Device.Kind.CPU, Set.of())
                                .contains(needed.precision()));
        MainMemory main = machine.memory();
        String obstacle = needed.cacheBytes() > machine.maxDirectBytes()
                ? "keys and values of a request take " + Facts.gigabytes(needed.cacheBytes())
                        + " of direct memory: raise -XX:MaxDirectMemorySize"
                : null;
        return new Fit(needed, Device.CPU, engine, isThere, main == null ? null : main.freeBytes(), obstacle);
    }

    /**
     * A precision on a device.
     *
     * @param needed what it takes
     * @param device where
     * @param engine what would run it
     * @param hasEngine whether that is on the class path and computes in this precision
     * @param freeBytes what is free there; null if that is not known
     * @param obstacle what stands in the way whatever is free; null if nothing does
     */
    record Fit(
            MemoryEstimate needed,
            Device device,
            String engine,
            boolean hasEngine,
            @Nullable Long freeBytes,
            @Nullable String obstacle) {

        /** Null if it is not known. */
        @Nullable
        Boolean fits() {
            if (obstacle != null) {
                return false;
            }
            return freeBytes == null ? null : needed.totalBytes() <= freeBytes;
        }

        String verdict() {
            Boolean fits = fits();
            String word = fits == null ? "unknown" : fits ? "yes" : "no";
            String missing = hasEngine ? "" : "; no engine " + engine + " for it on the class path";
            return word + (obstacle == null ? "" : ", " + obstacle) + missing;
        }

        Facts facts() {
            return new Facts()
                    .line(
                            "",
                            COLUMNS,
                            needed.precision(),
                            device,
                            engine,
                            Facts.gigabytes(needed.totalBytes()),
                            freeBytes == null ? "unknown" : Facts.gigabytes(freeBytes),
                            verdict())
                    .value("precision", needed.precision())
                    .value("device", device)
                    .value("engine", engine)
                    .value("hasEngine", hasEngine)
                    .value("neededBytes", needed.totalBytes())
                    .value("weightBytes", needed.weightBytes())
                    .value("cacheBytes", needed.cacheBytes())
                    .value("workingBytes", needed.workingBytes())
                    .value("freeBytes", freeBytes)
                    .value("fits", fits());
        }
    }

    Facts facts() {
        Facts facts = new Facts().value("warning", warning);
        if (warning != null) {
            facts.line("WARNING", "%s", warning);
        }
        return facts.line("memory", COLUMNS, "precision", "device", "engine", "needed", "free", "fits")
                .value("memory", fits.stream().map(Fit::facts).toList());
    }
}
