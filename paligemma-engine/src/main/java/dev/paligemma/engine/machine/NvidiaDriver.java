package dev.paligemma.engine.machine;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The NVIDIA driver of a Linux kernel and the GPUs it has. Immutable and thread-safe.
 *
 * @param version the version of the driver, for example {@code "550.54.15"}; empty if that is not known
 * @param gpus the models of the GPUs, for example {@code "NVIDIA H200"}, one entry for each
 */
public record NvidiaDriver(String version, List<String> gpus) {
    private static final Path FOLDER = Path.of("/proc/driver/nvidia");
    private static final Pattern VERSION = Pattern.compile("\\b\\d{3,4}\\.\\d{1,3}(\\.\\d{1,3})?\\b");
    private static final int MOST_GPUS = 64;

    /** Copies the list. */
    public NvidiaDriver {
        gpus = List.copyOf(gpus);
    }

    /**
     * The driver of this machine, as its kernel tells; empty if there is none or it keeps quiet, as in some containers.
     * Always empty on systems other than Linux, where there may be a driver all the same.
     */
    public static Optional<NvidiaDriver> ofThisMachine() {
        return in(FOLDER);
    }

    /** The driver that a folder like {@code /proc/driver/nvidia} tells of. */
    static Optional<NvidiaDriver> in(Path folder) {
        Optional<String> version = SystemFile.read(folder.resolve("version"));
        List<String> gpus = gpus(folder.resolve("gpus"));
        return version.isEmpty() && gpus.isEmpty()
                ? Optional.empty()
                : Optional.of(new NvidiaDriver(version.map(NvidiaDriver::number).orElse(""), gpus));
    }

    private static List<String> gpus(Path folder) {
        List<Path> each = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                if (each.size() < MOST_GPUS) {
                    each.add(entry);
                }
            }
        } catch (IOException e) {
            return List.of();
        }
        return each.stream()
                .sorted()
                .flatMap(entry -> SystemFile.read(entry.resolve("information")).stream())
                .map(NvidiaDriver::model)
                .toList();
    }

    /** The number in a text such as {@code NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5}. */
    static String number(String text) {
        Matcher matcher = VERSION.matcher(text);
        return matcher.find() ? matcher.group() : "";
    }

    static String model(String information) {
        return SystemFile.value(information, "Model", ":[ \\t]*").orElse("unknown model");
    }
}
