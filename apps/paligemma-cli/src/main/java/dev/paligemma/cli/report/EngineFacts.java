package dev.paligemma.cli.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.spi.DeviceMemory;
import dev.paligemma.engine.spi.EngineProvider;
import dev.paligemma.engine.spi.Engines;
import java.io.IOException;
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
public record EngineFacts(
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
            String message = String.valueOf(e.getMessage()).strip();
            String problem = message.lines().findFirst().orElse("");
            return new EngineFacts(provider.name(), null, problem, precisions, provider.deviceMemory());
        }
    }

    void addTo(FactLines lines) {
        if (version == null) {
            lines.add("engine", "%s cannot run here: %s", name, problem);
            return;
        }
        String computes = precisions.entrySet().stream()
                .map(each -> names(each.getValue()) + " on " + nameOf(each.getKey()))
                .collect(Collectors.joining("; "));
        lines.add("engine", "%s %s: %s", name, version, computes);
    }

    void writeTo(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", name);
        json.writeStringField("version", version);
        json.writeStringField("problem", problem);
        json.writeObjectFieldStart("precisions");
        for (Map.Entry<Device.Kind, Set<Precision>> each : precisions.entrySet()) {
            json.writeArrayFieldStart(nameOf(each.getKey()));
            for (Precision precision : each.getValue()) {
                json.writeString(precision.toString());
            }
            json.writeEndArray();
        }
        json.writeEndObject();
        json.writeEndObject();
    }

    private static String names(Set<Precision> precisions) {
        return precisions.stream().map(Precision::toString).collect(Collectors.joining(", "));
    }

    private static String nameOf(Device.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }
}
