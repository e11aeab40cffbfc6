package dev.paligemma.bench;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The memory of this process as Linux counts it. Immutable.
 *
 * @param kilobytes the lines of {@code /proc/self/status} that begin with {@code VmHWM} or {@code VmRSS} or {@code Rss},
 *     in units of 1,024 bytes; empty where there is no such file
 */
record ProcessMemory(Map<String, Long> kilobytes) {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path CLEAR = Path.of("/proc/self/clear_refs");

    static ProcessMemory now() throws IOException {
        if (!Files.isReadable(STATUS)) {
            return new ProcessMemory(Map.of());
        }
        return new ProcessMemory(Files.readAllLines(STATUS).stream()
                .filter(line -> line.startsWith("VmHWM:") || line.startsWith("VmRSS:") || line.startsWith("Rss"))
                .map(line -> line.split("[:\\s]+"))
                .collect(Collectors.toMap(fields -> fields[0], fields -> Long.parseLong(fields[1]))));
    }

    /** Makes {@code VmHWM}, the peak, begin anew at the present size. Returns whether the system allowed it. */
    static boolean resetPeak() {
        try {
            Files.write(CLEAR, "5".getBytes(StandardCharsets.US_ASCII));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    void writeTo(JsonGenerator json) throws IOException {
        json.writeStartObject();
        for (String name : Arrays.asList("VmHWM", "VmRSS", "RssAnon", "RssFile")) {
            Long value = kilobytes.get(name);
            if (value != null) {
                json.writeNumberField(name, value);
            }
        }
        json.writeEndObject();
    }
}
