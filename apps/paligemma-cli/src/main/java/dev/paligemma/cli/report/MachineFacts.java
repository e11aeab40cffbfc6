package dev.paligemma.cli.report;

import dev.paligemma.engine.machine.MainMemory;
import dev.paligemma.engine.machine.NvidiaDriver;
import dev.paligemma.engine.machine.Processor;
import dev.paligemma.engine.spi.DeviceMemory;
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
record MachineFacts(
        int cores,
        Processor processor,
        @Nullable MainMemory memory,
        long maxDirectBytes,
        @Nullable NvidiaDriver driver,
        List<EngineFacts> engines) {

    static MachineFacts find() {
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

    Facts facts() {
        String system = System.getProperty("os.name");
        String architecture = System.getProperty("os.arch");
        Facts machine = new Facts()
                .line(
                        "system",
                        "%s %s, Java %s",
                        system,
                        architecture,
                        Runtime.version().feature())
                .value("system", system)
                .value("architecture", architecture)
                .value("java", Runtime.version())
                .value("cores", cores)
                .line("processor", "%s, %d cores", known(processor.name()), cores)
                .value("processor", orNull(processor.name()))
                .line("instructions", "%s", instructions())
                .value("instructions", processor.features().isEmpty() ? null : processor.decisiveFeatures());
        if (memory == null) {
            machine.line("main memory", "unknown").value("memory", null);
        } else {
            String limit = memory.isLimited() ? ", by the limit of the control group" : "";
            String free = Facts.gigabytes(memory.freeBytes());
            machine.line("main memory", "%s free of %s%s", free, Facts.gigabytes(memory.totalBytes()), limit)
                    .value(
                            "memory",
                            new Facts()
                                    .value("freeBytes", memory.freeBytes())
                                    .value("totalBytes", memory.totalBytes())
                                    .value("isLimited", memory.isLimited()));
        }
        machine.line("direct memory", "at most %s (-XX:MaxDirectMemorySize)", Facts.gigabytes(maxDirectBytes))
                .value("maxDirectBytes", maxDirectBytes);
        machine.value("nvidiaDriver", driver == null ? null : driver(driver))
                .value("gpus", gpus().stream().map(MachineFacts::gpu).toList());
        if (gpus().isEmpty()) {
            machine.line(
                    "GPU",
                    driver == null
                            ? "none: there is no NVIDIA driver"
                            : "not usable: no engine on the class path sees one");
        }
        return new Facts()
                .value("machine", machine)
                .value("engines", engines.stream().map(EngineFacts::facts).toList());
    }

    private static Facts driver(NvidiaDriver driver) {
        return new Facts()
                .line("NVIDIA driver", "%s: %s", known(driver.version()), String.join(", ", driver.gpus()))
                .value("version", orNull(driver.version()))
                .value("gpus", driver.gpus());
    }

    private static Facts gpu(DeviceMemory gpu) {
        return new Facts()
                .line(
                        "GPU",
                        "%s, %s, %s free of %s",
                        gpu.device(),
                        gpu.description(),
                        Facts.gigabytes(gpu.freeBytes()),
                        Facts.gigabytes(gpu.totalBytes()))
                .value("device", gpu.device())
                .value("description", gpu.description())
                .value("freeBytes", gpu.freeBytes())
                .value("totalBytes", gpu.totalBytes());
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

    private static @Nullable String orNull(String name) {
        return name.isEmpty() ? null : name;
    }
}
