package dev.paligemma.cli.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.paligemma.engine.machine.MainMemory;
import dev.paligemma.engine.machine.NvidiaDriver;
import dev.paligemma.engine.machine.Processor;
import dev.paligemma.engine.spi.DeviceMemory;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The machine and the engines on it.
 *
 * @param cores how many cores this process may use
 * @param processor the processor
 * @param memory the main memory; null if nothing is known of it
 * @param maxDirectBytes what Java's direct buffers may take
 * @param driver the NVIDIA driver; null if there is none to be seen
 * @param engines the engines on the class path
 */
public record MachineFacts(
        int cores,
        Processor processor,
        @Nullable MainMemory memory,
        long maxDirectBytes,
        @Nullable NvidiaDriver driver,
        List<EngineFacts> engines) {

    public static MachineFacts find() {
        return new MachineFacts(
                Runtime.getRuntime().availableProcessors(),
                Processor.ofThisMachine(),
                MainMemory.ofThisMachine().orElse(null),
                MainMemory.maxDirectBytes(),
                NvidiaDriver.ofThisMachine().orElse(null),
                EngineFacts.find());
    }

    /** The GPUs that any engine sees. */
    List<DeviceMemory> gpus() {
        return engines.stream().flatMap(engine -> engine.gpus().stream()).toList();
    }

    public void addTo(FactLines lines) {
        lines.add(
                "system",
                "%s %s, Java %s",
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                Runtime.version().feature());
        lines.add("processor", "%s, %d cores", known(processor.name()), cores);
        lines.add("instructions", "%s", instructions());
        MainMemory main = memory;
        lines.add(
                "main memory",
                "%s",
                main == null
                        ? "unknown"
                        : FactLines.gigabytes(main.freeBytes()) + " free of " + FactLines.gigabytes(main.totalBytes())
                                + (main.isLimited() ? ", by the limit of the control group" : ""));
        lines.add("direct memory", "at most %s (-XX:MaxDirectMemorySize)", FactLines.gigabytes(maxDirectBytes));
        NvidiaDriver nvidia = driver;
        if (nvidia != null) {
            lines.add("NVIDIA driver", "%s: %s", known(nvidia.version()), String.join(", ", nvidia.gpus()));
        }
        for (DeviceMemory gpu : gpus()) {
            lines.add(
                    "GPU",
                    "%s, %s, %s free of %s",
                    gpu.device(),
                    gpu.description(),
                    FactLines.gigabytes(gpu.freeBytes()),
                    FactLines.gigabytes(gpu.totalBytes()));
        }
        if (nvidia != null && gpus().isEmpty()) {
            lines.add("GPU", "not usable: no engine on the class path sees one");
        }
        engines.forEach(engine -> engine.addTo(lines));
    }

    private String instructions() {
        if (processor.features().isEmpty()) {
            return "unknown";
        }
        List<String> decisive = processor.decisiveFeatures();
        return decisive.isEmpty() ? "none that make a network faster" : String.join(" ", decisive);
    }

    private static String known(String name) {
        return name.isEmpty() ? "unknown" : name;
    }

    public void writeTo(JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("machine");
        json.writeStringField("system", System.getProperty("os.name"));
        json.writeStringField("architecture", System.getProperty("os.arch"));
        json.writeStringField("java", Runtime.version().toString());
        json.writeNumberField("cores", cores);
        json.writeStringField("processor", processor.name().isEmpty() ? null : processor.name());
        if (processor.features().isEmpty()) {
            json.writeNullField("instructions");
        } else {
            json.writeArrayFieldStart("instructions");
            for (String feature : processor.decisiveFeatures()) {
                json.writeString(feature);
            }
            json.writeEndArray();
        }
        MainMemory main = memory;
        if (main == null) {
            json.writeNullField("memory");
        } else {
            json.writeObjectFieldStart("memory");
            json.writeNumberField("freeBytes", main.freeBytes());
            json.writeNumberField("totalBytes", main.totalBytes());
            json.writeBooleanField("isLimited", main.isLimited());
            json.writeEndObject();
        }
        json.writeNumberField("maxDirectBytes", maxDirectBytes);
        NvidiaDriver nvidia = driver;
        if (nvidia == null) {
            json.writeNullField("nvidiaDriver");
        } else {
            json.writeObjectFieldStart("nvidiaDriver");
            json.writeStringField("version", nvidia.version().isEmpty() ? null : nvidia.version());
            json.writeArrayFieldStart("gpus");
            for (String gpu : nvidia.gpus()) {
                json.writeString(gpu);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeArrayFieldStart("gpus");
        for (DeviceMemory gpu : gpus()) {
            json.writeStartObject();
            json.writeStringField("device", gpu.device().toString());
            json.writeStringField("description", gpu.description());
            json.writeNumberField("freeBytes", gpu.freeBytes());
            json.writeNumberField("totalBytes", gpu.totalBytes());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
        json.writeArrayFieldStart("engines");
        for (EngineFacts engine : engines) {
            engine.writeTo(json);
        }
        json.writeEndArray();
    }
}
