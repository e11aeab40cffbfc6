package dev.paligemma.cli.report;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.spi.DeviceMemory;
import dev.paligemma.engine.spi.EngineProvider;
import dev.paligemma.engine.spi.Engines;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An engine on the class path.
 *
 * @param name the name by which users choose it
 * @param version the version of its runtime; null if it cannot run here
 * @param problem why it cannot run here, on one line; null if it can
 * @param precisions what it computes in, for each kind of device it knows
 * @param gpus the GPUs it sees
 */
record EngineFacts(
        String name,
        @Nullable String version,
        @Nullable String problem,
        Map<Device.Kind, Set<Precision>> precisions,
        List<DeviceMemory> gpus) {

    /** All engines on the class path, by name. Starts their native runtimes. */
    static List<EngineFacts> find() {
        return Engines.names().stream()
                .sorted()
                .map(Engines::require)
                .map(EngineFacts::of)
                .toList();
    }

    /** An engine that cannot run here is a fact worth knowing, not a reason to hide the others. */
    static EngineFacts of(EngineProvider provider) {
        Map<Device.Kind, Set<Precision>> precisions = new EnumMap<>(Device.Kind.class);
        for (Device.Kind kind : Device.Kind.values()) {
            if (!provider.precisions(kind).isEmpty()) {
                precisions.put(kind, new TreeSet<>(provider.precisions(kind)));
            }
        }
        try {
            String version = provider.create(EngineOptions.defaults()).version();
            return new EngineFacts(provider.name(), version, null, precisions, provider.deviceMemory());
        } catch (EngineException e) {
            String problem =
                    String.valueOf(e.getMessage()).strip().lines().findFirst().orElse("");
            return new EngineFacts(provider.name(), null, problem, precisions, provider.deviceMemory());
        }
    }

    Facts facts() {
        Facts computes = new Facts();
        precisions.forEach((kind, those) -> computes.value(nameOf(kind), those));
        Facts facts = new Facts()
                .value("name", name)
                .value("version", version)
                .value("problem", problem)
                .value("precisions", computes);
        return version == null
                ? facts.line("engine", "%s cannot run here: %s", name, problem)
                : facts.line(
                        "engine",
                        "%s %s: %s",
                        name,
                        version,
                        precisions.entrySet().stream()
                                .filter(each -> each.getKey() == Device.Kind.CPU || !gpus.isEmpty())
                                .map(each -> names(each.getValue()) + " on " + nameOf(each.getKey()))
                                .collect(Collectors.joining("; ")));
    }

    private static String names(Set<Precision> precisions) {
        return precisions.stream().map(Precision::toString).collect(Collectors.joining(", "));
    }

    private static String nameOf(Device.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }
}
